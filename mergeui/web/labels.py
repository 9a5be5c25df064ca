"""Labels: names of styles for the vendor's words, and the words of a state within a sentence."""

COLORS = frozenset(
    {
        "red", "orange", "amber", "yellow", "lime", "green", "teal", "cyan", "sky", "blue",
        "indigo", "violet", "purple", "fuchsia", "pink", "rose", "neutral",
    }
)  # fmt: skip


def segment_class(color: str | None) -> str:
    """The class of a segment's label: "seg-teal"; a colour that is not documented is neutral."""
    return f"seg-{color}" if color in COLORS else "seg-neutral"


def within(label: str) -> str:
    """A label as it stands within a sentence: "refused by Invent", whose name stays a name."""
    return label[:1].lower() + label[1:]
