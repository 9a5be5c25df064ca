"""The sources of a request: each has its own line (design.md, States), and this is how it moves."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db.models import prefetch_related_objects

from mergeui.merging.models import MergeRequest, Source


@contextmanager
def read_once(request: MergeRequest) -> Iterator[None]:
    """Here its sources and its calls are read from the database once, for all who ask.

    For a caller to whom the request belongs, by a lock or a lease: every step asks for them, while
    all other writers of SQLite wait. Here sources change by `become`, and calls not at all.
    """
    prefetch_related_objects([request], "sources", "attempts")
    try:
        yield
    finally:
        request.refresh_from_db(fields=["sources", "attempts"])  # only forgets them


def ids_in(request: MergeRequest, *states: str) -> list[str]:
    """The contact ids of the sources of which this is known."""
    return [one.contact_id for one in request.sources.all() if one.state in states]


def become(request: MergeRequest, ids: Collection[str], state: Source.State) -> None:
    """This is known of these sources from now on; ids of others are passed over."""
    changed = [one for one in request.sources.all() if one.contact_id in ids and one.state != state]
    if changed:
        Source.objects.filter(pk__in=[one.pk for one in changed]).update(state=state)
    for one in changed:
        one.state = state.value
