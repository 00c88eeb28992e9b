"use strict";
/* The reader's choice of theme, before anything is painted; without one the page follows the system. */
(function () {
  let chosen = null;
  try { chosen = localStorage.getItem("bench-theme"); } catch { /* no storage: the system decides */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
