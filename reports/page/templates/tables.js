"use strict";
/* Tools of tables and figures: which columns are shown, a copy of a table, a figure as a file, heads that stay in sight. */

/* Columns: one choice for every leaderboard of the page. */
(function () {
  const hidden = new Set();
  const apply = () => {
    for (const table of document.querySelectorAll("table.sortable")) {
      const heads = [...table.tHead.querySelectorAll("th.metric")];
      let place = 0;
      for (const family of table.tHead.querySelectorAll(".families [data-span]")) {
        const own = heads.slice(place, place + Number(family.dataset.span));
        place += own.length;
        const left = own.filter((head) => !hidden.has(head.dataset.sort)).length;
        family.hidden = left === 0;
        family.colSpan = left || 1;
      }
      const gone = heads.filter((head) => hidden.has(head.dataset.sort)).length;
      for (const cell of table.querySelectorAll("tbody [data-span]")) cell.colSpan = Math.max(1, cell.dataset.span - gone);
      for (const cell of [...heads, ...table.querySelectorAll("td[data-key]")]) {
        cell.hidden = hidden.has(cell.dataset.sort || cell.dataset.key);
      }
    }
    for (const box of document.querySelectorAll(".columns input")) box.checked = !hidden.has(box.name);
    document.dispatchEvent(new CustomEvent("bench-columns"));
  };
  bench.each("table.sortable", (table) => {
    for (const cell of table.querySelectorAll("[colspan]")) cell.dataset.span = cell.colSpan;
    const chooser = document.createElement("details");
    chooser.className = "columns";
    if (!document.querySelector("[data-state=columns]")) chooser.dataset.state = "columns"; // the first one stands for all
    const summary = document.createElement("summary");
    summary.textContent = "Columns";
    const set = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.className = "hidden";
    legend.textContent = "Columns of every leaderboard";
    set.append(legend);
    for (const head of table.tHead.querySelectorAll("th.metric")) {
      const key = head.dataset.sort;
      const label = document.createElement("label");
      const box = document.createElement("input");
      Object.assign(box, { type: "checkbox", name: key, checked: true, defaultChecked: true });
      box.addEventListener("change", () => {
        if (box.checked) hidden.delete(key);
        else hidden.add(key);
        apply();
      });
      label.append(box, ` ${head.dataset.title}`);
      set.append(label);
    }
    chooser.append(summary, set);
    chooser.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !chooser.open) return;
      chooser.open = false;
      summary.focus();
    });
    bench.tools(table).prepend(chooser);
    if (hidden.size) apply();
  });
  document.addEventListener("click", (event) => {
    for (const one of document.querySelectorAll(".columns[open]")) if (!one.contains(event.target)) one.open = false;
  });
})();

/* A copy of a table: what is shown of it, a line a row, with the records' own numbers. */
(function () {
  const seen = (one) => !one.closest("[hidden]");
  const words = (cell) => {
    if (cell.dataset.value !== undefined) return cell.dataset.value;
    if (cell.dataset.title) return cell.dataset.title;
    const name = cell.querySelector(".name");
    const copy = (name || cell).cloneNode(true);
    for (const one of copy.querySelectorAll("small, sup, .hidden, .about, .arrow, svg, [data-part=score]")) one.remove();
    return copy.textContent.replace(/\s+/g, " ").trim().replace(/^\u2212(?=[\d.])/, "-");
  };
  /* Each cell in its column, whatever spans above or beside it. */
  const lines = (table) => {
    const rows = [...table.rows].filter(seen);
    const grid = rows.map(() => []);
    rows.forEach((row, y) => {
      let x = 0;
      for (const cell of [...row.cells].filter(seen)) {
        while (grid[y][x] !== undefined) x += 1;
        for (let down = 0; down < cell.rowSpan && y + down < rows.length; down += 1) {
          for (let across = 0; across < cell.colSpan; across += 1) grid[y + down][x + across] = down || across ? "" : words(cell);
        }
        x += cell.colSpan;
      }
    });
    return grid.map((row) => row.join("\t").trimEnd()).filter(Boolean).join("\n");
  };
  const put = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // a browser that trusts no file: by a selection
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  bench.each(".scroll > table:not(.probe-strips, .gallery-table)", (table) => {
    const button = bench.tool(table, "Copy table", async () => {
      await put(lines(table));
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy table"; }, 2000);
    });
    button.title = "As text with tabs, for a spreadsheet";
    button.setAttribute("aria-live", "polite");
  });
})();

/* A figure as a file of its own: colours and fonts of the page as they are shown now. */
(function () {
  const named = (figure) => {
    const title = figure.querySelector("title");
    return (title ? title.textContent : "figure").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 80);
  };
  const alone = (figure) => {
    const style = getComputedStyle(figure);
    const copy = figure.cloneNode(true);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const box = figure.viewBox.baseVal;
    copy.setAttribute("width", box.width);
    copy.setAttribute("height", box.height);
    const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill: "var(--paper)" })) paper.setAttribute(name, value);
    copy.insertBefore(paper, copy.querySelector("g, path") || null);
    const resolved = document.createElement("span");
    document.body.append(resolved);
    const text = new XMLSerializer().serializeToString(copy).replace(/var\((--[\w-]+)\)/g, (all, name) => {
      if (name === "--sans") return "system-ui, sans-serif";
      resolved.style.color = `var(${name})`; // light-dark() becomes the colour that is shown
      return resolved.style.color ? getComputedStyle(resolved).color : style.getPropertyValue(name);
    });
    resolved.remove();
    return text;
  };
  const save = (blob, name) => {
    const link = document.createElement("a");
    link.download = name;
    link.href = URL.createObjectURL(blob);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const SCALE = 3; // pixels of the PNG for one of the page
  const drawn = (text, figure, done) => {
    const picture = new Image();
    picture.addEventListener("load", () => {
      const canvas = document.createElement("canvas");
      canvas.width = figure.viewBox.baseVal.width * SCALE;
      canvas.height = figure.viewBox.baseVal.height * SCALE;
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(done, "image/png");
    });
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  };
  bench.each("svg.plot", (figure) => {
    bench.tool(figure, "SVG", () => save(new Blob([alone(figure)], { type: "image/svg+xml" }), `${named(figure)}.svg`), "after").title = "Save this figure";
    bench.tool(figure, "PNG", () => drawn(alone(figure), figure, (blob) => save(blob, `${named(figure)}.png`)), "after").title = "Save this figure";
  });
})();

/* A table that is no wider than its frame scrolls with the page, so that its head can stay below the bar. */
(function () {
  const fit = (frame) => {
    const table = frame.querySelector("table");
    if (!table) return;
    frame.classList.toggle("fits", table.offsetWidth <= frame.clientWidth + 1);
  };
  const watch = new ResizeObserver((seen) => seen.forEach((one) => fit(one.target.matches("table") ? one.target.parentElement : one.target)));
  bench.each(".scroll", (frame) => {
    watch.observe(frame);
    const table = frame.querySelector("table");
    if (table) watch.observe(table);
  });
})();
