"""Log–log plots of what growth.py finds: small SVG files, legible on light and on dark pages."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Of some forty pages, those that tell most; the others are in the table.
DRAWN = {
    "an empty page": "#8b949e",
    "Django admin's list": "#e5534b",
    "queue, first page": "#2f81f7",
    "queue, search and two filters": "#39a0c8",
    "queue, by a part of a name": "#2da44e",
    "compare, 4 contacts of 6 channels": "#bf8700",
    "history, first page": "#a371f7",
    "history, by a name": "#db61a2",
    "requests, first page": "#cf7a3c",
    "a round of the worker with nothing due": "#1b9e9e",
}
# Stands for the ink, which the reader's page decides on.
INK = "#1f2329"
STYLE = "<style>:root{--ink:#1f2329}@media(prefers-color-scheme:dark){:root{--ink:#e6edf3}}</style>"


def there() -> None:
    """Ends the program with a clear line where the library is missing, before hours of work."""
    if not find_spec("matplotlib"):
        raise SystemExit("The plots need matplotlib: scripts/setup --dev --plots")


def draw(path: Path, sizes: Sequence[int], lines: Mapping[str, Sequence[float]], unit: str) -> None:
    """Writes one plot: `lines` over `sizes`, the groups to decide."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    plain = FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    ink = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    settings: Any = dict.fromkeys(ink, INK) | {
        # Text stays text: smaller, and in the reader's own font.
        "svg.fonttype": "none",
        "svg.hashsalt": "mergeui",
        "font.family": "sans-serif",
        "font.size": 9,
    }
    with rc_context(settings):
        figure = Figure(figsize=(7.2, 3.6), layout="constrained")
        axes = figure.subplots()
        for name, values in lines.items():
            axes.loglog(sizes, values, "o-", label=name, color=DRAWN.get(name, "#2f81f7"), ms=4)
        axes.set_xlabel("groups to decide")
        axes.set_ylabel(unit)
        axes.set_xticks(sizes)
        axes.minorticks_off()
        top = max(map(max, lines.values()))
        axes.set_ylim(min(map(min, lines.values())) / 2, top * 2)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(plain)
            axis.set_minor_formatter(NullFormatter())
        axes.grid(alpha=0.25, color="#8b949e")
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside right center", frameon=False)
        # Neither date nor version: the same figures are the same file.
        figure.savefig(
            path, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
    made = path.read_text().replace(INK, "var(--ink)")
    path.write_text(made.replace("<defs>", f"{STYLE}<defs>", 1))
