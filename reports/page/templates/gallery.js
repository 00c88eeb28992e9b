/* The gallery: which images its table shows, chosen by a form. */
(function () {
  "use strict";

  const { make, part, point, dim, large } = galleryTools;
  const ORDERED = ["best", "worst"]; // sets that need a score and a method

  function table(root, data, open) {
    const [head, ...rows] = root.querySelectorAll(".gallery-table tr");
    const heads = [...head.querySelectorAll("th")].slice(1);
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

  /* Which classes are meant: the one of this name, or all that hold what was typed. */
  function meant(data, typed) {
    const wanted = typed.trim().toLowerCase();
    const labels = [...new Set(data.images.map((image) => image.label))];
    const exact = labels.filter((label) => label.toLowerCase() === wanted);
    return new Set(exact.length ? exact : labels.filter((label) => label.toLowerCase().includes(wanted)));
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
    const classes = meant(data, asked.class);
    return places.filter((place) => {
      const image = data.images[place];
      return classes.has(image.label) && (right === undefined || image.right === right);
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

  function start(root) {
    const data = JSON.parse(document.getElementById(`${root.id}-data`).textContent);
    const form = root.querySelector("form");
    const fields = form.elements;
    const columns = root.querySelectorAll(".gallery-table thead [data-part=class]").length;
    const enlarge = large(root, data);
    let places = [];
    let first = 0;

    const boxes = [...form.querySelectorAll('[name="row"]')];
    const wanted = () => new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const show = table(root, data, (place, method, tile) => {
      const shown = [...wanted(), "0"];
      const first = method || shown[0]; // an original stands beside the first method shown
      enlarge(places, places.indexOf(place), [first, shown.find((one) => one !== first)], tile);
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
