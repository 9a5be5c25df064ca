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
    vitals.moved.push(
      ...entry.sources.map(({ node, previousRect, currentRect }) => {
        const [from, to] = [previousRect, currentRect].map(
          ({ x, y, width, height }) => `${width} × ${height} at ${x}, ${y}`,
        );
        return `${node?.cloneNode().outerHTML ?? "text"} from ${from} to ${to}`;
      }),
    );
  });
  watch("largest-contentful-paint", (entry) => {
    vitals.largest = entry.startTime;
  });
})();
