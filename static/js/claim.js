// A group that is open stays claimed while somebody looks at it, and is let go of when they leave.
(() => {
  "use strict";

  const EVERY = 2 * 60 * 1000;
  const held = () => document.querySelector("form#hold");

  const renew = async () => {
    const form = held();
    if (!form || document.hidden) return;
    const sent = { method: "POST", body: new FormData(form), redirect: "manual" };
    const answer = await fetch(form.action, sent).catch(() => null);
    // Without an answer the claim lasts until its end, and is renewed the next time.
    if (answer?.ok && form.isConnected) form.outerHTML = await answer.text();
  };

  setInterval(renew, EVERY);
  document.addEventListener("visibilitychange", renew);
  // The claim goes with the page. Back from the browser's memory, the page claims once more.
  window.addEventListener("pagehide", () => {
    const form = held();
    if (form) navigator.sendBeacon(form.dataset.release, new FormData(form));
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) renew();
  });
})();
