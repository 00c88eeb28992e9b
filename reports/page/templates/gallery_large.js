/* The large view of the gallery: an image beside two methods, zoomed together, and two pictures in one place. */
const galleryTools = (function () {
  const SERIES = ["gallery-first", "gallery-second", "gallery-third"];
  const BLINK = 600; // milliseconds; three flashes a second are the most that anybody may be shown

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

  /* A place in the run, or the places that equal values share. */
  function placed(method, key, rank) {
    const last = method.ties[key][rank];
    return [rank, last].filter(Boolean).map((one) => one.toLocaleString("en")).join("\u2013");
  }

  function bars(values, low, high) {
    const cell = make("td", undefined, "gallery-bars");
    cell.setAttribute("aria-hidden", "true");
    for (const [value, className] of values.map((value, i) => [value, SERIES[i]])) {
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

  /* A row a logit: of the original, then of each method. */
  function logitRows(names, original, reconstructions) {
    const numbers = [original, ...reconstructions].flat().map(parsed);
    const low = Math.min(0, ...numbers);
    const high = Math.max(0, ...numbers) || low + 1;
    return names.map((name, i) => {
      const values = [original[i], ...reconstructions.map((one) => one[i])];
      return row(make("th", name), bars(values, low, high), ...values.map((value) => value || "\u2014"));
    });
  }

  function scoreRows(metrics, methods, place) {
    return metrics.filter(({ key }) => methods.some((one) => one.scores[key])).map(({ key, title, direction }) => {
      const head = make("th", title);
      head.append(make("small", direction));
      return row(head, ...methods.map((method) => scored(method, key, place)));
    });
  }

  function scored(method, key, place) {
    const cell = make("td", method.scores[key] ? method.scores[key][place] : "\u2014");
    const rank = method.scores[key] && method.ranks[key][place];
    if (rank) cell.append(make("small", `${placed(method, key, rank)} of ${method.of[key]}`), make("small", `mean ${method.means[key]}`));
    return cell;
  }

  /* The classes that a network sees first, with their shares; or the one that was stored. */
  function seen(top, alone, classes) {
    const cell = make("td");
    if (!top) cell.textContent = alone || "\u2014";
    else {
      const list = make("ol", undefined, "gallery-top");
      list.append(...top.map(([number, share]) => {
        const line = make("li", classes[number]);
        line.append(make("span", share));
        return line;
      }));
      cell.append(list);
    }
    return cell;
  }

  /* Put a picture into a tile: the very pixels where the page holds them, else its place of a sheet. */
  function paint(tile, source, place, columns) {
    const exact = source.exact[place];
    tile.className = exact ? "gallery-tile" : `gallery-tile gallery-sheet-${source.sheet}`;
    tile.style.backgroundImage = exact ? `url(${exact})` : "";
    for (const name of ["--gallery-columns", "--gallery-rows"]) {
      if (exact) tile.style.setProperty(name, 1);
      else tile.style.removeProperty(name);
    }
    point(tile, exact ? 0 : place, columns);
  }

  /* One zoom and one place for all pictures of a dialog, by sliders and by dragging. */
  function lenses(dialog) {
    const [zoom, across, down] = ["zoom", "across", "down"].map((name) => part(dialog, name));
    const apply = () => {
      dialog.style.setProperty("--gallery-zoom", zoom.value);
      dialog.style.setProperty("--gallery-across", `${across.value}%`);
      dialog.style.setProperty("--gallery-down", `${down.value}%`);
      dialog.classList.toggle("gallery-near", zoom.value > 1);
      part(dialog, "zoom-words").textContent = `${zoom.value}\u00d7`;
      across.disabled = down.disabled = zoom.value <= 1;
    };
    for (const slider of [zoom, across, down]) slider.addEventListener("input", apply);
    for (const lens of dialog.querySelectorAll(".gallery-lens")) {
      let last = null;
      lens.addEventListener("pointerdown", (event) => {
        if (zoom.value <= 1) return;
        last = event;
        lens.setPointerCapture(event.pointerId);
      });
      lens.addEventListener("pointermove", (event) => {
        if (!last) return;
        const reach = (100 / (zoom.value - 1)) / lens.clientWidth;
        across.value = Number(across.value) - (event.clientX - last.clientX) * reach;
        down.value = Number(down.value) - (event.clientY - last.clientY) * reach;
        last = event;
        apply();
      });
      for (const end of ["pointerup", "pointercancel"]) lens.addEventListener(end, () => { last = null; });
    }
    apply();
  }

  /* Two pictures in one place: a wipe, a blink or their difference. */
  function comparing(dialog) {
    const how = part(dialog, "how");
    let timer = null;
    const over = (shown) => dialog.classList.toggle("gallery-under", !shown);
    const still = () => {
      clearInterval(timer);
      timer = null;
      part(dialog, "itself").checked = false;
      over(true);
    };
    const flip = () => over(dialog.classList.contains("gallery-under"));
    const choose = () => {
      dialog.dataset.how = how.value;
      for (const one of dialog.querySelectorAll("[data-for]")) one.hidden = one.dataset.for !== how.value;
      still();
    };
    how.addEventListener("change", choose);
    part(dialog, "flip").addEventListener("click", flip);
    part(dialog, "itself").addEventListener("change", (event) => {
      if (!event.target.checked) return still();
      timer = setInterval(flip, BLINK);
    });
    part(dialog, "wipe").addEventListener("input", (event) => dialog.style.setProperty("--gallery-wipe", `${event.target.value}%`));
    part(dialog, "times").addEventListener("input", (event) => {
      dialog.style.setProperty("--gallery-times", event.target.value);
      part(dialog, "times-words").textContent = `${event.target.value}\u00d7`;
    });
    dialog.addEventListener("close", still);
    choose();
  }

  function large(root, data) {
    const dialog = root.querySelector("dialog");
    const choosers = ["method", "other"].map((name) => part(dialog, name));
    const pair = part(dialog, "pair");
    const view = { places: [], at: 0 };
    let opener = null;

    function say(name, words) {
      part(dialog, name).textContent = words;
    }

    function picture(name, source, place, label) {
      paint(part(dialog, name), source, place, data.columns);
      if (label) part(dialog, name).setAttribute("aria-label", label);
    }

    function facts(image, methods, place) {
      const heads = [...dialog.querySelectorAll("[data-part=second-head]")];
      heads.forEach((head) => { head.hidden = methods.length < 2; });
      const { top, classes } = data.originals;
      const answer = (name, cells) => part(dialog, name).replaceChildren(part(dialog, name).querySelector("th"), ...cells);
      answer("seen-target", [seen(top[place], image.target, classes), ...methods.map((one) => seen(one.top[place], one.target[place], classes))]);
      answer("seen-judged", [seen(null, image.judged), ...methods.map((one) => seen(null, one.judged[place]))]);
      say("reason", `Why it is here: ${image.reason}.`);
      part(dialog, "scores").replaceChildren(...scoreRows(data.metrics, methods, place));
    }

    function logits(methods, place) {
      const { names, logits: original, missing } = data.originals;
      const why = missing || methods.map((one) => one.missing).find(Boolean) || "";
      say("logits-missing", why);
      part(dialog, "logits-missing").hidden = !why;
      part(dialog, "logits").parentElement.hidden = Boolean(missing);
      if (missing) return;
      say("logits-words", data.originals.words);
      part(dialog, "logits").replaceChildren(...logitRows(names[place], original[place], methods.map((one) => one.logits[place] || [])));
    }

    /* The two pictures of the pair that is chosen, the lower one first; without a second method there is one pair. */
    function stack(image, methods, place) {
      for (const option of pair.options) option.hidden = option.disabled = option.value.includes("2") && methods.length < 2;
      if (pair.selectedOptions[0].disabled) pair.value = "0 1";
      const sources = [data.originals, ...methods];
      const names = ["original", ...methods.map((one) => one.label)];
      const [under, over] = pair.value.split(" ").map(Number);
      picture("under", sources[under], place);
      picture("over", sources[over], place);
      part(dialog, "stack").setAttribute("aria-label", `${names[over]} over ${names[under]}, ${image.id}`);
      say("pair-words", `${names[under]} and ${names[over]}`);
    }

    function show() {
      const place = view.places[view.at];
      const image = data.images[place];
      const methods = choosers.map((one) => data.methods[one.value]).filter(Boolean);
      say("title", `${image.id} \u00b7 ${image.label}`);
      say("place", `image ${view.at + 1} of ${view.places.length}`);
      dim(dialog.querySelector('[data-go="previous"]'), view.at === 0);
      dim(dialog.querySelector('[data-go="next"]'), view.at === view.places.length - 1);
      picture("original", data.originals, place, `original ${image.id}`);
      for (const [i, name] of ["reconstruction", "second"].entries()) {
        part(dialog, name).closest("figure").hidden = !methods[i];
        if (!methods[i]) continue;
        picture(name, methods[i], place, `${methods[i].label} reconstruction of ${image.id}`);
        say(`${name}-words`, `${"AB"[i]}: ${methods[i].label}`);
      }
      say("size", data.originals.exact[place] ? data.sizes.exact : data.sizes.reduced);
      stack(image, methods, place);
      facts(image, methods, place);
      logits(methods, place);
    }

    function move(step) {
      if (view.places[view.at + step] === undefined) return;
      view.at += step;
      show();
    }

    const actions = { close: () => dialog.close(), previous: () => move(-1), next: () => move(1) };
    for (const button of dialog.querySelectorAll("[data-go]")) button.addEventListener("click", actions[button.dataset.go]);
    for (const one of [...choosers, pair]) one.addEventListener("change", show);
    part(dialog, "smooth").addEventListener("change", (event) => dialog.classList.toggle("gallery-smooth", event.target.checked));
    dialog.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step || event.target.matches("select, input[type=range]")) return; // those have arrows of their own
      event.preventDefault();
      move(step);
    });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => opener.focus());
    lenses(dialog);
    comparing(dialog);

    return function open(places, at, methods, tile) {
      opener = tile;
      Object.assign(view, { places, at });
      choosers[0].value = methods[0];
      if (!choosers[1].value || choosers[1].value === methods[0]) choosers[1].value = methods[1] || "";
      show();
      dialog.showModal();
    };
  }

  return { make, part, point, dim, large };
})();
