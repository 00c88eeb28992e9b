"use strict";
/* The matrix: another metric is other texts in the same cells; another number of images another table. */
(function () {
  const source = document.getElementById("matrix-data");
  const form = document.querySelector(".matrix-chooser");
  if (!source || !form) return;
  const data = JSON.parse(source.textContent);
  const frames = [...document.querySelectorAll(".matrix-frame")];
  const about = document.querySelector(".matrix-about");
  const fill = (cell, [value, rank, away, side, tint, leads]) => {
    if (tint) cell.dataset.tint = tint;
    else delete cell.dataset.tint;
    const link = cell.querySelector("a");
    if (!link) return;
    link.querySelector(".value").textContent = value;
    link.querySelector(".place").textContent = rank;
    link.querySelector(".place").classList.toggle("leads", leads !== "");
    link.querySelector(".away").textContent = away;
    link.querySelector(".away").dataset.side = side;
  };
  const show = () => {
    const key = form.elements.metric.value;
    const images = form.elements.images ? form.elements.images.value : frames[0].id;
    about.textContent = data.about[key];
    for (const frame of frames) {
      frame.hidden = frame.id !== images;
      [...frame.querySelectorAll(".matrix-cell")].forEach((cell, place) => fill(cell, data.cells[key][frame.id][place]));
    }
  };
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  show();
})();
