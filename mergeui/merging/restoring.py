"""Setting again what a merge lost: that somebody is unsubscribed, or blocked.

By the documented PATCH, for which the rules of a merge would be wrong. A merge is never sent twice,
because it can't be undone. That a flag is true can be said any number of times and is as true as
after the first: so a lost answer is no riddle. Invent is read, and asked again where it is not set.
Nothing is ever set to false here, and nothing at all without a person who wants it: meanwhile the
customer may have asked for messages again.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.transition import move
from mergeui.errors import Stale
from mergeui.invent import (
    UNSET,
    Contact,
    InventClient,
    InventError,
    RateLimited,
    Rejected,
    Unauthorized,
)
from mergeui.merging.models import LostOptOut, MergeRequest
from mergeui.merging.reading import read_again
from mergeui.merging.settle import about
from mergeui.merging.standing import Halt, halt
from mergeui.review.decisions import require
from mergeui.said import Said

State = LostOptOut.State
MOST_TRIES = 3
FIRST_PAUSE = timedelta(seconds=10)

NOT_SET = Said("Invent answered, but the contact is not as it was asked for.")
GAVE_UP = Said("Tried {count} time. {sentence}", "Tried {count} times. {sentence}")


def ask(lost: LostOptOut, *, by_user: Actor) -> None:
    """A person wants it set again; the worker does it. Raises NotAllowed or Stale."""
    require(by_user, Role.OPERATOR)
    now = timezone.now()
    changes = {
        "state": State.WANTED.value,
        "wanted_by": by_user.user,
        "wanted_at": now,
        "due_at": now,
        "tries": 0,
        "reason": "",
    }
    # Committed before the first byte is sent, as for every call that changes something.
    _move(lost, State.LOST, Action.OPT_OUT_WANTED, by_user=by_user, changes=changes)


def restore_next(*, client: InventClient, organization_id: int) -> MergeRequest | None:
    """Sets again what of an organisation has been wanted for longest; None when nothing is due.

    It is claimed by being put off: should this worker die, another looks again after that.
    """
    now = timezone.now()
    due = LostOptOut.objects.due(now).filter(request__organization_id=organization_id)
    for lost in due.select_related("request__organization")[:20]:
        claimed = LostOptOut.objects.filter(
            pk=lost.pk, state=State.WANTED, due_at=lost.due_at
        ).update(due_at=now + timedelta(seconds=settings.MERGE_LEASE_SECONDS), tries=F("tries") + 1)
        if claimed:
            lost.tries += 1
            with suppress(Stale):  # Another worker took this one for dead, and was done first.
                restore(lost, client=client)
            return lost.request
    return None


def restore(lost: LostOptOut, *, client: InventClient) -> None:
    """One try: reads the contact, sets what is not set, and records how it is then. Raises Stale.

    Whatever goes wrong on the way is tried again for a while; what Invent refuses is not.
    """
    try:
        contact = _set(lost, client)
    except RateLimited as error:
        _later(lost, error.sentence)
    except Rejected as error:
        if isinstance(error, Unauthorized):
            halt(lost.request.organization, Halt.KEY, error.sentence)
        _give_up(lost, error.sentence)
    except InventError as error:
        _later(lost, error.sentence)
    else:
        if _missing(lost, contact):
            _give_up(lost, NOT_SET())
        else:
            _done(lost, contact)


def _set(lost: LostOptOut, client: InventClient) -> Contact:
    """The contact with its flags set, if that can be done. Raises InventError."""
    contact_id = lost.request.primary_contact_id
    seen = [Contact.parse(raw) for raw in lost.request.snapshot]
    present = read_again(client, [one for one in seen if one.id == contact_id])[contact_id]
    if present and not _missing(lost, present):
        return present
    # Not found by its channels, it is asked for all the same: Invent knows whether it is there.
    missing = _missing(lost, present) if present else lost.names
    return client.update_contact(
        contact_id,
        unsubscribed=True if "unsubscribed" in missing else UNSET,
        blocked=True if "blocked" in missing else UNSET,
    )


def _missing(lost: LostOptOut, contact: Contact) -> list[str]:
    return [name for name in lost.names if getattr(contact, name) is not True]


def _later(lost: LostOptOut, reason: str) -> None:
    if lost.tries >= MOST_TRIES:
        _give_up(lost, GAVE_UP(count=lost.tries, sentence=reason))
        return
    LostOptOut.objects.filter(pk=lost.pk, state=State.WANTED).update(
        due_at=timezone.now() + FIRST_PAUSE * 2**lost.tries, reason=reason
    )


def _give_up(lost: LostOptOut, reason: str) -> None:
    """Lost still; a person is told why, and may ask once more."""
    _move(
        lost,
        State.WANTED,
        Action.OPT_OUT_NOT_SET,
        by_user=Actor.system(lost.request.organization),
        changes={"state": State.LOST.value, "reason": reason, "due_at": None},
        note=reason,
    )


def _done(lost: LostOptOut, contact: Contact) -> None:
    now = timezone.now()
    _move(
        lost,
        State.WANTED,
        Action.OPT_OUT_SET,
        by_user=Actor.system(lost.request.organization),
        changes={"state": State.SET.value, "set_at": now, "reason": "", "due_at": None},
        personal={"contacts": [contact.raw]},
    )


def _move(
    lost: LostOptOut,
    expected: LostOptOut.State,
    action: Action,
    *,
    by_user: Actor,
    changes: dict[str, Any],
    note: str = "",
    personal: dict[str, Any] | None = None,
) -> None:
    shared = about(lost.request, note=note, before=lost.state, after=changes["state"])
    shared["facts"] |= {"flags": lost.names}
    shared["personal"] |= personal or {}
    move(
        lost,
        expected=[expected],
        action=action,
        by_user=by_user,
        stale=lambda: _overtaken(lost),
        changes=changes,
        **shared,
    )


def _overtaken(lost: LostOptOut) -> str:
    fresh = LostOptOut.objects.select_related("wanted_by").get(pk=lost.pk)
    if fresh.state == State.SET:
        return _("It is set again already.")
    if fresh.wanted_by is None:
        return _("This was asked for already; the worker does it now.")
    words = _("This was asked for already by {who}; the worker does it now.")
    return words.format(who=fresh.wanted_by)
