// The few things that neither htmx nor the platform does. Every page works without them.
(() => {
  "use strict";

  const problem = (words, link = "") => {
    const place = document.getElementById("problem");
    if (!place) return;
    const note = document.createElement("div");
    note.className = "note note-error";
    note.append(words);
    if (link) {
      const again = document.createElement("a");
      again.href = location.href;
      again.textContent = link;
      note.append(" ", again);
    }
    place.replaceChildren(note);
    place.scrollIntoView({ block: "nearest" });
  };

  // The network failed, so nobody knows whether the desk got it. A poll tries again by itself.
  const unanswered = (event) => {
    if (event.detail.requestConfig.verb === "get") return;
    problem(document.getElementById("problem")?.dataset.unanswered);
  };
  document.addEventListener("htmx:sendError", unanswered);
  document.addEventListener("htmx:timeout", unanswered);

  // What somebody writes or ticks is not taken away because what it is about has changed: they are
  // told, once, and what they send is refused with its reason.
  const written = (field) =>
    field === document.activeElement ||
    (field.matches("textarea") ? field.value : field.checked !== field.defaultChecked);
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target: place, requestConfig } = event.detail;
    const { changed: words, load } = place?.dataset ?? {};
    if (!words || requestConfig.verb !== "get") return;
    const fields = document.querySelectorAll(place.dataset.keeps);
    if (![...fields].some(written)) return;
    event.detail.shouldSwap = false;
    if (!document.getElementById("problem").textContent.includes(words)) problem(words, load);
  });

  // A problem goes as soon as something else succeeds.
  document.addEventListener("htmx:afterRequest", (event) => {
    const place = document.getElementById("problem");
    if (place && event.detail.successful && event.detail.requestConfig.verb !== "get") {
      place.replaceChildren();
    }
  });

  // A double click is one click, and a triple one too: the next group stands there by then, and
  // nobody has seen it. On the same button it is meant so, as where the first was told what is
  // missing.
  let clicked = null;
  const once = (event) => {
    const button = event.target.closest?.("a, button");
    if (event.detail < 2) clicked = button;
    return event.detail > 1 && button && button !== clicked;
  };
  // Nor does a decision fall on what came up only just now, by whatever key or click it is taken.
  const SEEN = 400; // milliseconds
  let shown = document.referrer ? performance.now() : -SEEN;
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "main") shown = performance.now();
  });
  const tooSoon = (event) =>
    event.target.closest?.(".actions [type=submit]") && performance.now() - shown < SEEN;
  document.addEventListener(
    "click",
    (event) => {
      if (!once(event) && !tooSoon(event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );

  // A second click on a button that sends a form does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if ("download" in form.dataset) return; // the page stays, and so may the wish
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
  });
  // Coming back by the browser's own button shows the page as it was left, sent form and all.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // The sign-in tells the time zone, for somebody who has none in their settings yet.
  for (const zone of document.querySelectorAll("[data-zone]")) {
    zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  }

  // A contact that is kept can't be merged away: it gives its tick to the one that was kept until
  // then. One that had no tick gives none, and takes none: it was left out, and stays so.
  const remember = (form) => {
    form.dataset.kept = form.querySelector("[name=primary]:checked")?.value;
  };
  const begin = () => {
    const form = document.getElementById("choice");
    if (form && !form.dataset.kept) remember(form);
  };
  begin();
  document.addEventListener("htmx:load", begin);
  const keep = (form, id) => {
    const ticks = [...form.querySelectorAll("[name=sources]")];
    const own = ticks.find((tick) => tick.value === id);
    const former = ticks.find((tick) => tick.value === form.dataset.kept);
    if (own.checked) {
      if (former) former.checked = true;
      own.checked = false;
      remember(form);
    }
    // The same risks have another outcome now, to be read anew.
    const read = form.querySelector("[name=acknowledge]");
    if (read) read.checked = false;
  };

  // The expected result follows the choice.
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("#choice");
    if (!form || !["primary", "sources"].includes(event.target.name)) return;
    if (event.target.name === "primary") keep(form, event.target.value);
    else remember(form);
    form.dispatchEvent(new Event("picked"));
  });

  // After a decision the next group stands where the last one was: reading goes on at its top.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "main") event.target.focus({ preventScroll: true });
    const place = event.detail.target;
    if (place?.id === "problem") place.scrollIntoView({ block: "nearest" });
  });

  // On a phone the states don't fit beside each other: the chosen one is in sight.
  const sight = (place) => {
    if (!matchMedia("(max-width: 60rem)").matches) return;
    for (const tab of place.querySelectorAll(".tabs [aria-current]")) {
      const list = tab.parentElement;
      const [at, room] = [tab.getBoundingClientRect(), list.getBoundingClientRect()];
      list.scrollLeft += at.left + at.width / 2 - room.left - room.width / 2;
    }
  };
  sight(document);
  document.addEventListener("htmx:afterSettle", (event) => sight(event.target));

  // What has the focus may be swapped away: it goes to the same link of the new part, or where that
  // begins. At once: a key may be pressed, or another part swapped, before this one has settled.
  let within = "";
  let link = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const place = event.detail.target;
    if (!place?.contains(document.activeElement)) return;
    within = place.id;
    link = document.activeElement.getAttribute("href");
  });
  document.addEventListener("htmx:afterSwap", () => {
    const lost = within && document.activeElement === document.body;
    const place = lost && document.getElementById(within);
    within = "";
    if (!place) return;
    const links = [...place.querySelectorAll("a[href]")];
    const same = links.find((one) => one.getAttribute("href") === link);
    if (!same) place.tabIndex = -1;
    (same ?? place).focus({ preventScroll: true });
  });

  // What a part of the page asked for by itself (a preview, a poll) is of no use once that part is
  // gone: its answer would be written into the next group.
  const asking = new WeakMap();
  document.addEventListener("htmx:beforeSend", (event) => {
    const { elt, xhr } = event.detail;
    if (!elt.matches("form, button, a")) asking.set(elt, xhr);
  });
  document.addEventListener("htmx:beforeCleanupElement", (event) => {
    const xhr = asking.get(event.target);
    if (xhr && xhr.readyState < XMLHttpRequest.DONE) xhr.abort();
  });

  // Whoever ticks that they have read the risks while a preview is under way has ticked it, as long
  // as it says the same risks.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const place = event.detail.target;
    if (place.id !== "acknowledge") return;
    const risks = (part) => part.querySelector("[name=risks]")?.value;
    const tick = event.detail.fragment.querySelector("[name=acknowledge]");
    const before = place.querySelector("[name=acknowledge]");
    if (tick && before && risks(place) === risks(event.detail.fragment)) {
      tick.toggleAttribute("checked", before.checked);
    }
  });

  // The seconds of the cool-off run on the page; the server says what is left of them.
  setInterval(() => {
    for (const place of document.querySelectorAll("[data-countdown]")) {
      if (place.value !== undefined) place.value = Math.max(0, place.value - 1);
      else place.textContent = Math.max(0, Number(place.textContent) - 1);
    }
  }, 1000);
})();
