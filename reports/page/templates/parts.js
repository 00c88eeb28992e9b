"use strict";
/* Parts of the page that lie beside it as files, because a page opened from disk may read nothing else. */
const bench = (function () {
  const known = []; // a selector, and what begins with each element that it finds

  /* Begin with each element that is there, and with each that comes later. */
  function each(selector, begin) {
    known.push([selector, begin]);
    for (const one of document.querySelectorAll(selector)) begin(one);
  }

  function put(place, html) {
    const holder = document.createElement("template");
    holder.innerHTML = html; // written by bench report beside this page, every text in it escaped
    const added = [...holder.content.children];
    place.replaceWith(holder.content);
    for (const [selector, begin] of known) {
      for (const root of added) {
        if (root.matches(selector)) begin(root);
        for (const one of root.querySelectorAll(selector)) begin(one);
      }
    }
    document.dispatchEvent(new CustomEvent("bench-part"));
  }

  function load(place) {
    if (place.dataset.asked) return;
    place.dataset.asked = "yes";
    const script = document.createElement("script");
    script.src = `part-${place.dataset.partOf}.js`;
    document.head.append(script);
  }

  /* The line of tools above a table's frame or below a figure. */
  function tools(thing, side = "before") {
    const frame = thing.closest(".scroll") || thing;
    const beside = side === "before" ? frame.previousElementSibling : frame.nextElementSibling;
    if (beside && beside.matches(".tools")) return beside;
    const line = document.createElement("div");
    line.className = "tools";
    frame[side](line);
    return line;
  }

  function tool(thing, words, act, side) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.addEventListener("click", act);
    tools(thing, side).append(button);
    return button;
  }

  return { each, put, load, tools, tool };
})();

function benchPart(name, html) {
  const place = document.querySelector(`[data-part-of="${name}"]`);
  if (place) bench.put(place, html);
}

/* A part is asked for when it comes near the window, which nothing inside of folded details does. */
(function () {
  const watch = new IntersectionObserver((seen) => {
    for (const one of seen) {
      if (!one.isIntersecting) continue;
      watch.unobserve(one.target);
      bench.load(one.target);
    }
  }, { rootMargin: "600px 0px" });
  bench.each("[data-part-of]", (place) => watch.observe(place));
})();
