"use strict";
/* The page's own behaviour: theme switch, sorting, filters, the place in the contents, printing. Data become text only. */

/* Theme: the system's, or the reader's choice. */
(function () {
  const button = document.querySelector("[data-theme-switch]");
  const root = document.documentElement;
  const order = ["auto", "light", "dark"];
  const chosen = () => root.dataset.theme || "auto";
  const show = () => { button.querySelector("span").textContent = chosen(); };
  button.addEventListener("click", () => {
    const next = order[(order.indexOf(chosen()) + 1) % order.length];
    if (next === "auto") delete root.dataset.theme;
    else root.dataset.theme = next;
    try { localStorage.setItem("bench-theme", next); } catch { /* the choice lasts as long as the page */ }
    show();
  });
  show();
  button.hidden = false;
})();

/* Sorting: a click on a column's head sorts every score table by it, each row within its band. */
(function () {
  const words = ["access", "training", "stochastic"];
  const tables = () => [...document.querySelectorAll("table.sortable")];
  let chosen = { key: "", direction: "none", first: "" };
  const status = document.createElement("p");
  status.className = "hidden";
  status.setAttribute("role", "status");
  document.querySelector("main").append(status);

  const rowsOf = (body) => [...body.rows].filter((row) => row.dataset.access !== undefined);
  const value = (row, key) => {
    if (key === "method") return row.querySelector(".name").textContent;
    if (words.includes(key)) return row.querySelectorAll("td.word")[words.indexOf(key)].textContent;
    const cell = [...row.cells].find((one) => one.dataset.key === key);
    return cell && cell.dataset.value !== undefined ? Number(cell.dataset.value) : null;
  };
  /* First and last place, best first, where the rows of a band could be compared: what ties keeps its order. */
  const places = (row, key) => {
    const cell = [...row.cells].find((one) => one.dataset.key === key);
    return cell && cell.dataset.order ? cell.dataset.order.split(" ").map(Number) : null;
  };
  const compare = (key, sign, best) => (a, b) => {
    const [left, right] = [value(a, key), value(b, key)];
    const byPlace = a.dataset.place - b.dataset.place;
    if (left === null || right === null) return (left === null) - (right === null) || byPlace;
    const [first, second] = [places(a, key), places(b, key)];
    if (first && second) return best * (first[0] - second[0] || first[1] - second[1]) || byPlace;
    const order = typeof left === "number" ? left - right : left.localeCompare(right);
    return sign * order || byPlace;
  };
  /* A metric by its title; other columns by their own names. */
  const name = (key) => {
    const head = tables()[0].tHead.querySelector(`[data-sort="${CSS.escape(key)}"]`);
    return (head && head.dataset.title) || key;
  };
  const sort = (table) => {
    const { key, direction, first } = chosen;
    for (const body of table.tBodies) {
      const order = direction === "none"
        ? (a, b) => a.dataset.place - b.dataset.place
        : compare(key, direction === "ascending" ? 1 : -1, direction === first ? 1 : -1);
      body.append(...rowsOf(body).sort(order));
    }
    for (const head of table.tHead.querySelectorAll("[data-sort]")) {
      head.setAttribute("aria-sort", head.dataset.sort === key ? direction : "none");
    }
  };
  const apply = (key, direction, first) => {
    chosen = { key, direction, first };
    tables().forEach(sort);
    status.textContent = direction === "none" ? "Rows in their first order" : `Rows sorted by ${name(key)}, ${direction}, each band by itself; what nothing separates keeps its order`;
  };
  const opposite = { ascending: "descending", descending: "ascending" };
  bench.each("table.sortable", (table) => {
    [...table.tBodies].forEach((body) => rowsOf(body).forEach((row, index) => { row.dataset.place = index; }));
    for (const head of table.tHead.querySelectorAll("[data-sort]")) {
      const button = head.querySelector("button");
      const first = button.dataset.first;
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        apply(head.dataset.sort, now === "none" ? first : now === first ? opposite[first] : "none", first);
      });
    }
    if (chosen.direction !== "none") sort(table);
  });
})();

/* Filters: one choice for every score table of the page. */
(function () {
  const CONTROLS = "controls";
  const hidden = new Set();
  const what = (box) => box.dataset.filter || CONTROLS;
  const apply = () => {
    for (const box of document.querySelectorAll(".filters input")) box.checked = !hidden.has(what(box));
    for (const body of document.querySelectorAll("table.sortable tbody")) {
      const rows = [...body.rows].filter((row) => row.dataset.access !== undefined);
      const isControl = body.dataset.kind === "control";
      for (const row of rows) row.hidden = hidden.has(isControl ? CONTROLS : row.dataset.access);
      body.hidden = rows.every((row) => row.hidden);
    }
  };
  bench.each(".filters", (group) => {
    for (const box of group.querySelectorAll("input")) {
      box.addEventListener("change", () => {
        if (box.checked) hidden.delete(what(box));
        else hidden.add(what(box));
        apply();
      });
    }
    group.hidden = false;
    apply();
  });
})();

/* Contents: the link of the section that is being read. */
(function () {
  const links = new Map([...document.querySelectorAll(".bar-nav a")].map((link) => [link.hash.slice(1), link]));
  const list = document.querySelector(".bar-nav");
  const mark = (id) => {
    for (const [target, link] of links) {
      if (target === id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    const link = links.get(id);
    if (link && list.scrollWidth > list.clientWidth) list.scrollLeft = link.offsetLeft - list.offsetLeft - 24;
  };
  const watch = new IntersectionObserver((seen) => {
    const here = seen.find((one) => one.isIntersecting);
    if (here) mark(here.target.getAttribute("aria-labelledby"));
  }, { rootMargin: "-15% 0px -80% 0px" });
  for (const section of document.querySelectorAll("main > section[aria-labelledby]")) watch.observe(section);
  /* The last section may be too short to reach the watched line: it is being read where the page ends. */
  addEventListener("scroll", () => {
    if (innerHeight + scrollY >= document.documentElement.scrollHeight - 2) mark([...links.keys()].at(-1));
  }, { passive: true });
})();

/* Printing: the groups and the probes are unfolded, their longest tables and the provenance are not. */
(function () {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:is(.fold, .probe-fold):not([open])")];
    opened.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
})();

/* A link to what is folded unfolds it. */
(function () {
  const reveal = (id) => {
    const target = id && document.getElementById(id);
    if (!target) return;
    const own = document.querySelector(`[data-fold="${CSS.escape(id)}"]`) || (target.matches("details") ? target : null);
    if (own) own.open = true;
    for (let one = target.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
    target.scrollIntoView();
  };
  const named = () => decodeURIComponent(location.hash.slice(1)).split("?")[0];
  addEventListener("hashchange", () => reveal(named()));
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#"]');
    if (link) reveal(link.hash.slice(1)); // the address may stand there already
  });
  addEventListener("load", () => reveal(named()));
})();
