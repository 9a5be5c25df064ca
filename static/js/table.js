// The long table of the compare page: a filter over its rows, and ticks without loading the page.
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

    const tick = (event) => {
      event.preventDefault();
      for (const row of rows.filter((row) => !row.hidden)) {
        const kept = row.querySelector("[name=primary]").checked;
        const wanted = event.currentTarget.value === "all";
        row.querySelector("[name=sources]").checked = wanted && !kept;
      }
      document.getElementById("choice").dispatchEvent(new Event("picked"));
    };
    for (const button of buttons) button.addEventListener("click", tick);
  };

  // On the page as it was loaded, and on each group that takes its place.
  document.addEventListener("htmx:load", (event) => setUp(event.target));
})();
