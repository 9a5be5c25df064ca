// The table of the compare page: a filter over its rows, and ticks without loading the page.
(() => {
  "use strict";

  const level = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  const setUp = (root) => {
    const tools = root.querySelector("#table-tools");
    const rows = [...root.querySelectorAll(".compare-many tbody tr")];
    if (!tools || !rows.length) return;
    tools.hidden = false;

    const filter = tools.querySelector("#table-filter");
    const count = tools.querySelector("#table-count");
    const texts = rows.map((row) => level(row.textContent.replace(/\s+/g, " ")));
    const everything = count.textContent;
    const buttons = [...root.querySelectorAll("button[name=tick]")];
    const said = buttons.map((button) => button.firstChild.data);
    filter.addEventListener("input", () => {
      const words = level(filter.value).split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, number) => {
        row.hidden = !words.every((word) => texts[number].includes(word));
        shown += !row.hidden;
      });
      count.textContent = words.length ? count.dataset.words.replace("#", shown) : everything;
      root.querySelector(".compare-none").hidden = shown > 0;
      buttons.forEach((button, number) => {
        button.firstChild.data = words.length ? button.dataset.filtered : said[number];
      });
    });
    // Enter in a field of a form would send the form.
    filter.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  };

  // On the page as it was loaded, and on each group that takes its place.
  document.addEventListener("htmx:load", (event) => setUp(event.target));

  // All at once, of those that the filter shows.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("#choice button[name=tick]");
    if (!button) return;
    event.preventDefault();
    const boxes = [...button.form.querySelectorAll("tr:not([hidden]) [name=sources]")];
    for (const box of boxes) {
      const kept = box.closest(".contact").querySelector("[name=primary]").checked;
      box.checked = button.value === "all" && !kept;
    }
    const changed = boxes.find((box) => box.checked) ?? boxes[0];
    changed?.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
