"""Many groups at once, stored as a sync would store them, without a sync's reading."""

from typing import Any

from mergeui.invent import Contact
from mergeui.review.digest import digest
from mergeui.review.matching import Listed
from mergeui.review.models import Group
from mergeui.review.spool import row_of
from mergeui.review.store import apply
from mergeui.review.sync import request_sync
from tests.contacts import contact, email
from tests.desk import Desk


def pairs(count: int, **second: Any) -> list[list[dict[str, Any]]]:
    """So many times the same person twice; `second` are fields of each second contact."""
    return [
        [contact(f"Ana {n}", address), contact(f"Ana {n}", address, **second)]
        for n in range(count)
        for address in [email(f"ana{n}@example.com")]
    ]


def stored(desk: Desk, groups: list[list[dict[str, Any]]]) -> list[Group]:
    """The groups in the mirror, in the order given."""
    before = Group.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    run = request_sync(desk.organization, by_user=desk.system)
    made = [digest([Contact.parse(one) for one in contacts]) for contacts in groups]
    rows = [row_of(Listed(None, one), desk.organization) for one in made]
    apply(rows, run, by_user=desk.system, progress=lambda: None)
    run.delete()
    return list(Group.objects.filter(pk__gt=before).order_by("pk"))


def crowd(count: int, **second: Any) -> tuple[Desk, list[Group]]:
    """A desk with so many pairs, in its Invent and in its mirror."""
    groups = pairs(count, **second)
    desk = Desk(*(one for group in groups for one in group))
    return desk, stored(desk, groups)
