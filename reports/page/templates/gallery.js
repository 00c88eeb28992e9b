/* The gallery: which images its table shows, and the large view of one of them. */
(function () {
  "use strict";

  const ORDERED = ["best", "worst"]; // sets that need a score and a method

  function make(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  /* The element of this name inside another one; see data-part in _gallery.html. */
  function part(inside, name) {
    return inside.querySelector(`[data-part="${name}"]`);
  }

  /* Move a tile's window to the picture at this place of its sheet. */
  function point(tile, place, columns) {
    tile.style.setProperty("--gallery-x", place % columns);
    tile.style.setProperty("--gallery-y", Math.floor(place / columns));
  }

  /* A button that has nothing to do keeps the focus, unlike a disabled one. */
  function dim(button, idle) {
    button.setAttribute("aria-disabled", String(idle));
  }

  /* The minus sign of the tables back to a number; only the length of a bar depends on it. */
  function parsed(printed) {
    return Number(printed.replace("\u2212", "-"));
  }

  function table(root, data, open) {
    const heads = [...root.querySelectorAll(".gallery-table thead th")].slice(1);
    const rows = [...root.querySelectorAll(".gallery-table tbody tr")];
    const cells = rows.map((row) => [...row.querySelectorAll("td")]);
    let shown = [];

    /* Without a script a tile is only a picture. */
    for (const [i, row] of rows.entries()) {
      for (const [column, cell] of cells[i].entries()) {
        const picture = cell.querySelector(".gallery-tile");
        const button = make("button", undefined, picture.className);
        button.type = "button";
        button.addEventListener("click", () => open(shown[column], row.dataset.method, button));
        picture.replaceWith(button);
      }
    }

    function fill(cell, method, place, metric) {
      const image = data.images[place];
      const judged = method ? method.judged[place] : image.judged;
      const score = method && metric && method.scores[metric.key] ? method.scores[metric.key][place] : "";
      const words = [`${method ? `${method.label} reconstruction of` : "original"} ${image.id} (${image.label})`];
      if (judged) words.push(`judged ${judged}`);
      if (score) words.push(`${metric.title} ${score}`);
      const tile = cell.querySelector(".gallery-tile");
      point(tile, place, data.columns);
      tile.setAttribute("aria-label", words.join(", "));
      tile.dataset.image = image.id;
      part(cell, "judged").textContent = judged;
      part(cell, "judged").classList.toggle("gallery-changed", Boolean(judged) && judged !== image.judged);
      part(cell, "score").textContent = score;
    }

    /* Show these places, and of the rows only those whose method is among the wanted. */
    return function show(places, metric, wanted) {
      shown = places;
      for (const [column, head] of heads.entries()) {
        const image = data.images[places[column]];
        head.hidden = !image;
        part(head, "class").textContent = image ? image.label : "";
        part(head, "id").textContent = image ? image.id : "";
      }
      for (const [i, row] of rows.entries()) {
        const index = row.dataset.method;
        row.hidden = index !== "" && !wanted.has(index);
        for (const [column, cell] of cells[i].entries()) {
          cell.hidden = column >= places.length;
          if (!cell.hidden) fill(cell, data.methods[index], places[column], metric);
        }
      }
    };
  }

  /* The places that the form asks for, in their order. */
  function selected(data, asked) {
    let places = data.sets[asked.set] || data.sets.all;
    if (asked.set === "ids") {
      const ids = asked.ids.split(",").map((id) => id.trim().toLowerCase()).filter(Boolean);
      places = places.filter((place) => ids.some((id) => data.images[place].id.toLowerCase().includes(id)));
    }
    if (ORDERED.includes(asked.set)) {
      const ranks = data.methods[asked.method].ranks[asked.metric] || [];
      const sign = asked.set === "best" ? 1 : -1;
      places = places.filter((place) => ranks[place]).sort((a, b) => sign * (ranks[a] - ranks[b]) || a - b);
    }
    const right = { right: true, wrong: false }[asked.answer];
    return places.filter((place) => {
      const image = data.images[place];
      return (!asked.class || image.label === asked.class) && (right === undefined || image.right === right);
    });
  }

  /* What is shown, in words. */
  function status(data, asked, places, first, last) {
    const shown = places.length ? `${first + 1} to ${last} shown` : "nothing matches this choice";
    const words = `${places.length} of ${data.images.length} embedded images; ${shown}`;
    if (!places.length || !ORDERED.includes(asked.set)) return words;
    const method = data.methods[asked.method];
    const metric = data.metrics.find((one) => one.key === asked.metric);
    const [from, to] = [places[first], places[last - 1]].map((place) => method.ranks[metric.key][place].toLocaleString("en"));
    return `${words}; by ${metric.title} of ${method.label} (${metric.direction}), places ${from} to ${to} of ${method.of[metric.key]} in its run`;
  }

  /* A place in the run, or the places that equal values share. */
  function placed(method, key, rank) {
    const last = method.ties[key][rank];
    return [rank, last].filter(Boolean).map((one) => one.toLocaleString("en")).join("\u2013");
  }

  function bars(original, reconstruction, low, high) {
    const cell = make("td", undefined, "gallery-bars");
    cell.setAttribute("aria-hidden", "true");
    for (const [value, className] of [[original, "gallery-first"], [reconstruction, "gallery-second"]]) {
      if (value === undefined) continue;
      const line = make("span");
      const bar = make("i", undefined, className);
      const number = parsed(value);
      bar.style.left = `${(100 * (Math.min(number, 0) - low)) / (high - low)}%`;
      bar.style.width = `${(100 * Math.abs(number)) / (high - low)}%`;
      line.append(bar);
      cell.append(line);
    }
    return cell;
  }

  function row(head, ...cells) {
    const made = make("tr");
    head.scope = "row";
    made.append(head, ...cells.map((cell) => (typeof cell === "string" ? make("td", cell) : cell)));
    return made;
  }

  function logitRows(names, original, reconstruction) {
    const numbers = [...original, ...reconstruction].map(parsed);
    const low = Math.min(0, ...numbers);
    const high = Math.max(0, ...numbers) || low + 1;
    return names.map((name, i) => row(
      make("th", name), bars(original[i], reconstruction[i], low, high), original[i], reconstruction[i] || "\u2014",
    ));
  }

  function scoreRows(metrics, method, place) {
    return metrics.filter(({ key }) => method.scores[key]).map(({ key, title, direction }) => {
      const head = make("th", title);
      head.append(make("small", direction));
      const rank = method.ranks[key][place];
      return row(head, method.scores[key][place], rank ? `${placed(method, key, rank)} of ${method.of[key]}` : "\u2014", method.means[key]);
    });
  }

  function large(root, data) {
    const dialog = root.querySelector("dialog");
    const chooser = part(dialog, "method");
    const view = { places: [], at: 0 };
    let opener = null;

    function picture(name, sheet, place, label) {
      const tile = part(dialog, name);
      tile.className = `gallery-tile gallery-sheet-${sheet}`;
      point(tile, place, data.columns);
      bench.inFull(tile, data.full && `${data.full}/${sheet}/${place}.webp`);
      if (label) tile.setAttribute("aria-label", label);
    }

    function say(name, words) {
      part(dialog, name).textContent = words;
    }

    function facts(image, method, place) {
      for (const by of ["target", "judged"]) {
        say(`${by}-original`, image[by] || "\u2014");
        say(`${by}-reconstruction`, method[by][place] || "\u2014");
      }
      say("reason", `Why it is here: ${image.reason}.`);
      part(dialog, "scores").replaceChildren(...scoreRows(data.metrics, method, place));
    }

    function logits(method, place) {
      const { names, logits: original, missing } = data.originals;
      const why = missing || method.missing;
      say("logits-missing", why);
      part(dialog, "logits-missing").hidden = !why;
      part(dialog, "logits").parentElement.hidden = Boolean(missing);
      if (missing) return;
      say("logits-words", data.originals.words);
      part(dialog, "logits").replaceChildren(...logitRows(names[place], original[place], method.logits[place] || []));
    }

    function show() {
      const place = view.places[view.at];
      const image = data.images[place];
      const method = data.methods[chooser.value];
      say("title", `${image.id} \u00b7 ${image.label}`);
      say("place", `image ${view.at + 1} of ${view.places.length}`);
      dim(dialog.querySelector('[data-go="previous"]'), view.at === 0);
      dim(dialog.querySelector('[data-go="next"]'), view.at === view.places.length - 1);
      picture("original", data.originals.sheet, place, `original ${image.id}`);
      picture("reconstruction", method.sheet, place, `${method.label} reconstruction of ${image.id}`);
      picture("under", data.originals.sheet, place);
      picture("over", method.sheet, place);
      say("reconstruction-words", `reconstruction by ${method.label}`);
      facts(image, method, place);
      logits(method, place);
    }

    function move(step) {
      if (view.places[view.at + step] === undefined) return;
      view.at += step;
      show();
    }

    const actions = { close: () => dialog.close(), previous: () => move(-1), next: () => move(1) };
    for (const button of dialog.querySelectorAll("[data-go]")) button.addEventListener("click", actions[button.dataset.go]);
    chooser.addEventListener("change", show);
    part(dialog, "smooth").addEventListener("change", (event) => dialog.classList.toggle("gallery-smooth", event.target.checked));
    part(dialog, "wipe").addEventListener("input", (event) => dialog.style.setProperty("--gallery-wipe", `${event.target.value}%`));
    dialog.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step || event.target.matches("select, input[type=range]")) return; // those have arrows of their own
      event.preventDefault();
      move(step);
    });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => opener.focus());

    return function open(places, at, method, tile) {
      opener = tile;
      Object.assign(view, { places, at });
      chooser.value = method;
      show();
      dialog.showModal();
    };
  }

  function start(root) {
    const data = JSON.parse(document.getElementById(`${root.id}-data`).textContent);
    const form = root.querySelector("form");
    const fields = form.elements;
    const columns = root.querySelectorAll(".gallery-table thead th").length - 1;
    const enlarge = large(root, data);
    let places = [];
    let first = 0;

    const boxes = [...form.querySelectorAll('[name="row"]')];
    const wanted = () => new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const show = table(root, data, (place, method, tile) => {
      const beside = method || [...wanted(), "0"][0]; // an original stands beside the first method shown
      enlarge(places, places.indexOf(place), beside, tile);
    });

    function asked() {
      const names = ["set", "ids", "metric", "method", "class", "answer"];
      return Object.fromEntries(names.map((name) => [name, fields[name] ? fields[name].value : ""]));
    }

    function turn() {
      const choice = asked();
      const last = Math.min(first + columns, places.length);
      const rows = wanted();
      show(places.slice(first, last), data.metrics.find((one) => one.key === choice.metric), rows);
      dim(fields.previous, first === 0);
      dim(fields.next, last === places.length);
      document.getElementById(`${root.id}-status`).textContent = status(data, choice, places, first, last);
      part(form, "rows").textContent = rows.size === boxes.length ? `all ${boxes.length}` : `${rows.size} of ${boxes.length}`;
    }

    function choose() {
      const choice = asked();
      fields.ids.parentElement.hidden = choice.set !== "ids";
      fields.method.parentElement.hidden = !ORDERED.includes(choice.set);
      places = selected(data, choice);
      first = 0;
      turn();
    }

    function page(step) {
      if (places[first + step * columns] === undefined) return;
      first += step * columns;
      turn();
    }

    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", (event) => (event.target.name === "row" ? turn() : choose()));
    fields.previous.addEventListener("click", () => page(-1));
    fields.next.addEventListener("click", () => page(1));
    form.hidden = false;
    choose();
  }

  bench.each("[data-gallery]", start);
})();
