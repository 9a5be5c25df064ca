// The long table of the compare page: a filter over its rows, and ticks without loading the page.
(() => {
  "use strict";

  const tools = document.getElementById("table-tools");
  const filter = document.getElementById("table-filter");
  const count = document.getElementById("table-count");
  const rows = [...document.querySelectorAll(".compare-many tbody tr")];
  if (!tools || !rows.length) return;
  tools.hidden = false;

  const level = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const texts = rows.map((row) => level(row.textContent.replace(/\s+/g, " ")));
  const everything = count.textContent;
  const buttons = [...document.querySelectorAll("button[name=tick]")];
  const said = buttons.map((button) => button.textContent);
  filter.addEventListener("input", () => {
    const words = level(filter.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, number) => {
      row.hidden = !words.every((word) => texts[number].includes(word));
      shown += !row.hidden;
    });
    count.textContent = words.length ? count.dataset.words.replace("#", shown) : everything;
    document.querySelector(".compare-none").hidden = shown > 0;
    buttons.forEach((button, number) => {
      button.textContent = words.length ? button.dataset.filtered : said[number];
    });
  });
  // Enter in a field of a form would send the form.
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[name=tick]");
    if (!button) return;
    event.preventDefault();
    const form = document.getElementById("choice");
    for (const row of rows.filter((row) => !row.hidden)) {
      const kept = row.querySelector("[name=primary]").checked;
      row.querySelector("[name=sources]").checked = button.value === "all" && !kept;
    }
    form.dispatchEvent(new Event("picked"));
  });
})();
