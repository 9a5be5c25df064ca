// Asks the browser for a passkey: a form with [data-passkey] sends what it answers as `credential`.
// The options are in the form, or are asked for when the button is pressed.
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !window.webauthnJSON) return;

  const optionsOf = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.dataset.optionsFrom, { headers: { Accept: "application/json" } });
    return (await answer.json()).request_options;
  };

  for (const form of document.querySelectorAll("[data-passkey]")) {
    const failed = form.querySelector("[data-failed]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      failed.hidden = true;
      try {
        const credential = await window.webauthnJSON[form.dataset.passkey](await optionsOf(form));
        form.elements.credential.value = JSON.stringify(credential);
        form.submit();
      } catch {
        failed.textContent = failed.dataset.failed;
        failed.hidden = false;
      }
    });
  }
})();
