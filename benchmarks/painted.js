// Tells when the page was painted after the last key or click. In the pages that are measured only.
(() => {
  const at = (stamp) => performance.timeOrigin + stamp;
  const pressed = (event) => {
    if (event.isTrusted) sessionStorage.setItem("pressed", at(event.timeStamp));
  };
  addEventListener("keydown", pressed, true);
  addEventListener("pointerdown", pressed, true);
  const painted = () =>
    requestAnimationFrame(() =>
      // The frame is painted before the next task.
      setTimeout(() => {
        const since = at(performance.now()) - Number(sessionStorage.getItem("pressed"));
        window.painted = { path: location.pathname, since };
      }),
    );
  addEventListener("DOMContentLoaded", painted);
  addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "main") painted();
  });
})();
