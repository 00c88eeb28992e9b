"use strict";
/* What the reader chose stands in the address behind the place: #group-2?matrix.metric=KEY&columns.KEY=0. */
(function () {
  const SORT = "sort";
  const place = () => decodeURIComponent(location.hash.slice(1)).split("?")[0];
  const wanted = new URLSearchParams(location.hash.split("?")[1] || "");
  const fieldsOf = (holder) => [...holder.querySelectorAll("select[name], input[name]")];
  const isBox = (field) => field.type === "checkbox";
  const isRadio = (field) => field.type === "radio";
  const first = (field) => {
    if (field.tagName !== "SELECT") return field.defaultValue;
    return ([...field.options].find((one) => one.defaultSelected) || field.options[0] || { value: "" }).value;
  };
  const key = (holder, field) => `${holder.dataset.state}.${field.name}${isBox(field) && field.name === "row" ? field.value : ""}`;

  /* What differs from the page as it was opened; of parts that are not here yet, what the address says. */
  const state = () => {
    const found = new URLSearchParams();
    const holders = [...document.querySelectorAll("[data-state]")];
    const here = new Set(holders.map((one) => one.dataset.state));
    for (const [name, value] of wanted) {
      if (name !== SORT && !here.has(name.slice(0, name.lastIndexOf(".")))) found.set(name, value);
    }
    for (const holder of holders) {
      for (const field of fieldsOf(holder)) {
        if (isRadio(field)) {
          if (field.checked && !field.defaultChecked) found.set(key(holder, field), field.value);
        } else if (isBox(field)) {
          if (field.checked !== field.defaultChecked) found.set(key(holder, field), field.checked ? "1" : "0");
        } else if (field.value !== first(field)) found.set(key(holder, field), field.value);
      }
    }
    const sorted = document.querySelector('table.sortable [aria-sort]:not([aria-sort="none"])');
    if (sorted) found.set(SORT, `${sorted.dataset.sort}.${sorted.getAttribute("aria-sort")}`);
    return found;
  };
  let waiting = 0;
  const write = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const found = state().toString();
      const hash = found ? `#${place()}?${found}` : place() ? `#${place()}` : "";
      if (hash !== location.hash) history.replaceState(null, "", hash || location.href.split("#")[0]);
    }, 50);
  };
  const set = (holder, field) => {
    const value = wanted.get(key(holder, field));
    if (value === null) return;
    if (isRadio(field)) field.checked = field.value === value;
    else if (isBox(field)) field.checked = value === "1";
    else if (field.tagName !== "SELECT" || [...field.options].some((one) => one.value === value)) field.value = value;
    else return;
    for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
  };
  bench.each("[data-state]", (holder) => fieldsOf(holder).forEach((field) => set(holder, field)));
  const [sorted, direction] = (wanted.get(SORT) || "").split(".");
  if (sorted) {
    const head = document.querySelector(`table.sortable [data-sort="${CSS.escape(sorted)}"]`);
    for (let turn = 0; head && turn < 2 && head.getAttribute("aria-sort") !== direction; turn += 1) head.querySelector(".sort").click();
  }
  document.addEventListener("change", write);
  document.addEventListener("input", write);
  document.addEventListener("bench-columns", write);
  document.addEventListener("click", (event) => { if (event.target.closest(".sort")) write(); });
  addEventListener("hashchange", write);
})();
