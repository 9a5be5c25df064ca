// Notes what moved on the page and when its largest part was painted, for benchmarks.paint alone.
(() => {
  const vitals = (window.vitals = { shift: 0, largest: 0, moved: [] });
  const watch = (type, note) =>
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({
      type,
      buffered: true,
    });
  watch("layout-shift", (entry) => {
    if (entry.hadRecentInput) return;
    vitals.shift += entry.value;
    vitals.moved.push(...entry.sources.map(({ node }) => node?.cloneNode().outerHTML ?? "text"));
  });
  watch("largest-contentful-paint", (entry) => {
    vitals.largest = entry.startTime;
  });
})();
