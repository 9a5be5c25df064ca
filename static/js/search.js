// The ticks of the search follow the list beside it, when something is taken out of it there.
(() => {
  "use strict";

  document.addEventListener("htmx:afterSwap", (event) => {
    if (!["basket", "found"].includes(event.target.id)) return;
    const taken = [...document.querySelectorAll("#basket [data-contact]")];
    const ids = new Set(taken.map((entry) => entry.dataset.contact));
    for (const tick of document.querySelectorAll("#found [name=pick]")) {
      tick.checked = ids.has(tick.dataset.contact);
    }
  });
})();
