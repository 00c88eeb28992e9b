"use strict";
/* Tables of one metric at a time: another metric is other rows. */
bench.each("[data-detail]", (root) => {
  const tables = JSON.parse(root.querySelector(".detail-data").textContent);
  const form = root.querySelector("form");
  const body = root.querySelector("tbody");
  const make = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const bars = (path) => {
    const cell = make("td");
    const space = "http://www.w3.org/2000/svg";
    const drawing = document.createElementNS(space, "svg");
    const facts = { class: "bars", viewBox: "0 0 96 20", width: 192, height: 26, preserveAspectRatio: "none", "aria-hidden": "true" };
    for (const [name, value] of Object.entries(facts)) drawing.setAttribute(name, value);
    const shape = document.createElementNS(space, "path");
    shape.setAttribute("d", path);
    drawing.append(shape);
    cell.append(drawing);
    return cell;
  };
  const line = ([head, path, ...cells]) => {
    const row = make("tr");
    const first = make("th", head, "stick");
    first.scope = "row";
    row.append(first, ...(path ? [bars(path)] : []), ...cells.map((one) => make("td", one)));
    return row;
  };
  const show = () => {
    const [about, heads, rows] = tables[form.elements.metric.value];
    root.querySelector(".caption").textContent = about;
    const titles = heads.map((text, place) => { const made = make("th", text, place ? undefined : "stick"); made.scope = "col"; return made; });
    root.querySelector("thead tr").replaceChildren(...titles);
    body.replaceChildren(...rows.map(line));
  };
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
});
