"""Names of styles for the vendor's words. An unknown word gets the plain style."""

COLORS = frozenset(
    {
        "red", "orange", "amber", "yellow", "lime", "green", "teal", "cyan", "sky", "blue",
        "indigo", "violet", "purple", "fuchsia", "pink", "rose", "neutral",
    }
)  # fmt: skip


def segment_class(color: str | None) -> str:
    """The class of a segment's label: "seg-teal"; a colour that is not documented is neutral."""
    return f"seg-{color}" if color in COLORS else "seg-neutral"
