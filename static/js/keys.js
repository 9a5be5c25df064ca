// One key, one button: what the markup names with data-key is pressed by that key.
//
// Off where somebody types, in dialogs and menus, with Ctrl, Alt or Meta, and altogether with
// data-keys="off" on the body (WCAG 2.1.4). Nothing is possible by a key that no button does.
(() => {
  "use strict";

  // The same key twice in so many milliseconds is one press: the next group may be there already,
  // and nobody has seen it.
  const ONCE = 200;
  const TYPING =
    "input:not([type=checkbox], [type=radio]), textarea, select, dialog, [popover], [contenteditable]";
  let last = { key: "", at: 0 };

  const on = () => document.body.dataset.keys !== "off";

  // What is in a row belongs to the row that has the focus.
  const reachable = (element) => {
    const row = element.closest(".row");
    if (row && !row.contains(document.activeElement)) return false;
    return element.checkVisibility({ visibilityProperty: true });
  };

  // What the page shows, or else what the list of keys offers everywhere.
  const meant = (key) => {
    const all = [...document.querySelectorAll("[data-key]")].filter(
      (element) => element.dataset.key === key && !element.disabled,
    );
    return all.filter(reachable).pop() ?? all.find((element) => element.closest("#keys"));
  };

  const press = (element) => {
    if (element.matches("input:not([type=checkbox], [type=radio]), textarea")) {
      element.focus();
      element.select();
    } else {
      element.click();
    }
  };

  // From row to row; the arrow keys do so only once a row has the focus.
  const move = (event) => {
    const step = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return false;
    const links = [...document.querySelectorAll(".row-link")];
    const here = links.findIndex((link) => link.closest(".row").contains(document.activeElement));
    if (event.key.length > 1 && here < 0) return false;
    // It begins at the group that one comes from.
    const from = links.findIndex((link) => document.referrer.startsWith(link.href));
    const first = step < 0 ? links.length - 1 : Math.max(from, 0);
    const next = links[here < 0 ? first : here + step];
    next?.focus();
    return Boolean(next);
  };

  // From a search to the first of what it found, or out of it: then the keys work again.
  let before = "";
  let going = false;
  document.addEventListener("focusin", (event) => {
    before = event.target.value;
  });
  document.addEventListener("input", () => {
    going = false;
  });
  const toRows = (field) => {
    const found = new URLSearchParams(location.search).get("q") ?? "";
    if (found.trim() !== field.value.trim()) return false;
    const first = document.querySelector(".row-link");
    first?.focus();
    return Boolean(first);
  };
  const leave = (event) => {
    const field = event.target;
    if (!field.matches?.("[type=search]")) return false;
    if (event.key === "Escape" && ["", before].includes(field.value)) field.blur();
    else if (event.key === "Enter") going = !toRows(field);
    else if (event.key === "ArrowDown") document.querySelector(".row-link")?.focus();
    return document.activeElement !== field;
  };
  // Who pressed Enter before the answer was there wanted to go to it.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "results" || !going) return;
    going = false;
    if (document.activeElement.matches("[type=search]")) toRows(document.activeElement);
  });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (leave(event)) {
      event.preventDefault();
      return;
    }
    if (event.target.closest?.(TYPING)) {
      last.key = "";
      return;
    }
    const arrow = event.key.startsWith("Arrow");
    if (!on() && !arrow) return;
    if (move(event)) {
      event.preventDefault();
      return;
    }
    const key = event.shiftKey ? event.key : event.key.toLowerCase();
    const element = arrow || event.repeat ? null : meant(key);
    if (!element) return;
    event.preventDefault();
    const twice = key === last.key && event.timeStamp - last.at < ONCE;
    last = { key, at: event.timeStamp };
    if (!twice) press(element);
  });

  // What is wrong with a field is the first thing that describes it.
  const whyOf = (field) =>
    document.getElementById(field.getAttribute?.("aria-describedby")?.split(" ")[0]);

  // A button may need something else first: that gets the focus, and says why.
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest?.("[data-first]");
      const first = button && document.querySelector(button.dataset.first);
      if (!first) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      first.closest("details")?.setAttribute("open", "");
      // In the bar it is in view, as are the reasons.
      first.focus({ preventScroll: button.closest(".actions")?.contains(first) });
      const why = whyOf(first);
      if (why) why.textContent = why.dataset.why;
    },
    true,
  );
  document.addEventListener("change", (event) => {
    const why = whyOf(event.target);
    const mended = event.target.checked || !event.target.value;
    if (why?.dataset.why && mended) why.textContent = "";
  });

  // Tells assistive technology which keys there are, as long as there are any.
  document.addEventListener("htmx:load", (event) => {
    for (const element of on() ? event.target.querySelectorAll("[data-key]") : []) {
      element.setAttribute("aria-keyshortcuts", element.dataset.key);
    }
  });

  // A place in the address that can be typed into gets the focus.
  document.querySelector("input:target")?.focus();
})();
