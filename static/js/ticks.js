// Ticks in the queue: how many there are, a page at once, a range with Shift; kept when the list
// is fetched again. Without this every box works for itself.
(() => {
  "use strict";

  const one = (name) => document.querySelector(`[data-tick-${name}]`);
  const boxes = () => [...document.querySelectorAll("[data-tick]")];
  const bar = () => document.querySelector("[data-ticked]");
  let last = null;
  let kept = [];

  const count = () => {
    if (!bar()) return;
    const all = boxes();
    const ticked = all.filter((box) => box.checked).length;
    const { one: single, many, all: everything } = bar().dataset;
    one("page").checked = ticked === all.length;
    one("page").indeterminate = ticked > 0 && ticked < all.length;
    if (one("all") && ticked < all.length) one("all").checked = false;
    const words = one("all")?.checked ? everything : ticked === 1 ? single : many;
    bar().textContent = words.replace("{count}", ticked);
  };

  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("[data-tick]");
    if (!box) return;
    const all = boxes();
    if (event.shiftKey && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      for (const between of all.slice(from, to + 1)) between.checked = box.checked;
    }
    last = box;
    count();
  });
  document.addEventListener("change", (event) => {
    const whole = event.target.closest?.("[data-tick-page], [data-tick-all]");
    if (whole) for (const box of boxes()) box.checked = whole.checked;
    if (whole || event.target.matches?.("[data-tick]")) count();
  });
  document.addEventListener("reset", (event) => {
    if (event.target.id === "ticks") setTimeout(count);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // What somebody types into a menu of the views must not go when they are counted again.
    if (event.target.id === "views" && event.target.querySelector(":popover-open")) {
      event.detail.shouldSwap = false;
    }
    kept = boxes().filter((box) => box.checked).map((box) => box.value);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const box of boxes()) if (kept.includes(box.value)) box.checked = true;
    count();
  });
  count();
})();
