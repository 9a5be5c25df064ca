"""Rule 1 of design.md: a transition is one function, and state and history commit together."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from django.db import models, transaction
from django.db.models import Q

from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record
from mergeui.audit.models import Entry
from mergeui.audit.references import Ref
from mergeui.errors import Stale


def move(
    row: models.Model,
    *,
    expected: Collection[str],
    action: Action,
    by_user: Actor,
    subject: str,
    stale: Callable[[], str | Stale],
    changes: Mapping[str, Any],
    only_if: Q | None = None,
    also: Callable[[], None] = lambda: None,
    facts: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    references: Iterable[Ref] = (),
) -> Entry:
    """Makes `changes` to `row` if its state is one of `expected`, and records the entry.

    `also` is what follows from it in other rows; it runs before the entry is recorded, because
    from then on all other writers of history wait (log.record). Several processes may try at once:
    exactly one succeeds, on either database. Raises
    `Stale(stale())` when the row had moved already, or what `stale` gives if that is a Stale; then
    nothing is changed or recorded. The attributes of `row` follow the database afterwards.
    """
    manager = type(row)._default_manager
    with transaction.atomic():
        moved = (
            manager.filter(pk=row.pk, state__in=expected)
            .filter(only_if or Q())
            .update(**dict(changes))
        )
        if moved != 1:
            why = stale()
            raise why if isinstance(why, Stale) else Stale(why)
        also()
        entry = record(
            action,
            by_user=by_user,
            subject=subject,
            facts=dict(facts or {}),
            personal=dict(personal) if personal is not None else None,
            references=references,
        )
    for name, value in changes.items():
        setattr(row, name, value)
    return entry
