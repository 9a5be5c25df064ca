"""Rule 1 of design.md: a transition is one function, and state and history commit together."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Unpack

from django.db import models, transaction
from django.db.models import Q

from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import Said, append, prepare
from mergeui.audit.models import Entry
from mergeui.errors import Stale
from mergeui.kept import updating


def move(
    row: models.Model,
    *,
    expected: Collection[str],
    action: Action,
    by_user: Actor,
    stale: Callable[[], str | Stale],
    changes: Mapping[str, Any],
    only_if: Q | None = None,
    also: Callable[[], None] = lambda: None,
    **said: Unpack[Said],
) -> Entry:
    """Makes `changes` to `row` if its state is one of `expected`, and records the entry.

    `also` is what follows from it in other rows; it runs before the entry is recorded, because
    from then on all other writers of history wait (log.record). Several processes may try at once:
    exactly one succeeds, on either database. Raises
    `Stale(stale())` when the row had moved already, or what `stale` gives if that is a Stale; then
    nothing is changed or recorded. The attributes of `row` follow the database afterwards.
    """
    # From the first statement on, others wait for us: for the row, on SQLite for the one writer. So
    # all that takes time comes before.
    mine = Q(only_if or Q(), pk=row.pk, state__in=tuple(expected))
    update = updating(type(row), mine, changes)
    prepared = prepare(action, by_user=by_user, **said)
    with transaction.atomic():
        if update() != 1:
            why = stale()
            raise why if isinstance(why, Stale) else Stale(why)
        also()
        entry = append(prepared)
    for name, value in changes.items():
        setattr(row, name, value)
    return entry
