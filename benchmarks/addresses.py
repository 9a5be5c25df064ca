"""What a desk of the benchmarks is measured by: names of pages, and their addresses.

python -m benchmarks.addresses    says so of the desk of DATABASE_URL, which world.py has filled
"""

import json
from typing import Any
from urllib.parse import urlencode

import django

from benchmarks.desks import EMPTY
from benchmarks.programs import collect, session_key

ADMIN = "/bench/admin/review/group/"
FAR = 1_000_000  # the number of a portion that no desk has
A_PAGE = 50  # entries


def addresses() -> dict[str, Any]:
    """Names of pages and their addresses; `session`, to open them, and `size` (desks.py)."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.db.models import Max

    from mergeui.accounts.models import User
    from mergeui.audit.models import Entry
    from mergeui.review.models import Group

    waiting = Group.objects.filter(state="open").order_by("pk")
    four = waiting.filter(member_count=4)[0]
    largest = waiting.filter(
        member_count=waiting.aggregate(Max("member_count"))["member_count__max"]
    )[0]
    channels = [one for member in four.members.all() for one in member.raw["channels"]]
    email = next(one["email"] for one in channels if one["email"])
    phone = next(one["phone"] for one in channels if one["phone"])
    entries = Entry.objects.aggregate(Max("number"))["number__max"] or 0
    key = session_key(SessionStore)
    User.objects.filter(username="bench").update(is_staff=True, is_superuser=True)
    six = six_channels()
    opened = waiting.exclude(pk=six).count()
    return {
        "session": key,
        "size": (opened, Group.objects.count() - opened - 1, entries),
        EMPTY: "/bench/empty/",
        "the queue's template alone": "/bench/bare/",
        "Django admin's list": f"{ADMIN}?state__exact=open&risky__exact=1&q=mar",
        "queue, first page": "/groups/",
        "queue, last page": "/groups/?at=last",
        "queue, search and two filters": "/groups/?q=mar&risk=any",
        "queue, by a part of a name": "/groups/?q=mar",
        "queue, by an e-mail": f"/groups/?q={email}",
        "queue, by the end of a number": f"/groups/?q={phone[-5:]}",
        "queue, by an id": f"/groups/?q={four.primary_contact_id}",
        "queue, a rare filter": "/groups/?size=21%2B",
        "queue, pairs": "/groups/?size=2",
        "queue, a channel": f"/groups/?channel={channels[0]['type']}",
        "queue, all groups by name": "/groups/?state=all&sort=name",
        "counts of the views": "/views/strip/",
        "compare, 4 contacts": f"/groups/{four.pk}/",
        "compare, 4 contacts of 6 channels": f"/groups/{six}/",
        f"compare, {largest.member_count} contacts": f"/groups/{largest.pk}/",
        "history, first page": "/history/",
        "history, last page": "/history/?at=last",
        "history, by a name": "/history/?name=maria",
        **(_looked_up(entries) if entries else {}),
        **_of_merges(),
        "a round of the worker with nothing due": "/bench/idle/",
        "what a probe asks": "/healthz/ready",
    }


def _looked_up(entries: int) -> dict[str, str]:
    """The history by what an entry in its middle is about."""
    from django.db.models import Count

    from mergeui.accounts.models import User
    from mergeui.audit.models import Entry, Reference

    who = User.objects.get(username="bench-operator-1").pk
    middle = Entry.objects.get(number=entries // 2)
    found = {
        "history, by an operator": f"/history/?operator={who}",
        "history, by an action": "/history/?action=merge_completed",
        "history, by an operator and an action": f"/history/?operator={who}&action=merge_requested",
        # Nothing is found, and a list to its end has to say so.
        "history, by an operator and what they never did": (
            f"/history/?operator={who}&action=synced"
        ),
        "history, by whose merges they are": f"/history/?operator={who}&action=merge_completed",
        "history, by a day": f"/history/?day={middle.at:%Y-%m-%d}",
        "history, by a contact": f"/history/?contact={middle.facts['primary']}",
    }
    for name, kind in {"an e-mail": "email", "a phone": "phone"}.items():
        # By the index; without the organisation it would read all that there is.
        named = Reference.objects.filter(organization=middle.organization, kind=kind)
        # A page of entries in a desk of any size: what is compared is how they are found.
        alike = named.filter(value__gt="3").values("value").annotate(entries=Count("entry"))
        one = alike.filter(entries__gt=A_PAGE).order_by("value").first()
        if one:
            found[f"history, by {name}"] = "/history/?" + urlencode({kind: one["value"]})
    return found


def _of_merges() -> dict[str, str]:
    """The requests, nearly all of which are over, and one from their middle."""
    from mergeui.merging.models import MergeRequest

    pages = {
        "requests, first page": "/requests/?view=all",
        "requests, last page": "/requests/?view=all&at=last",
        "requests, asked for by me": "/requests/?view=mine",
        "requests, going on": "/requests/?view=going",
        "requests, needs a person": "/requests/?view=person",
        "requests, waiting for me": "/requests/?view=waiting",
        "bulk decisions": "/bulk/",
    }
    over = MergeRequest.objects.filter(
        bulk__isnull=False, state="merged", group__member_count=4
    ).order_by("pk")
    one = over[over.count() // 2 :].first()
    if one:
        gone = one.sources.all()[0].contact_id
        pages |= {
            "a request that is over": f"/requests/{one.pk}/",
            "a group that was merged": f"/groups/{one.group_id}/",
            "a contact that was merged away": f"/contacts/{gone}/",
            "a contact that others were merged into": f"/contacts/{one.primary_contact_id}/",
            "a bulk decision that is over": f"/bulk/{one.bulk_id}/",
        }
    return pages


def six_channels() -> int:
    """The key of a group of 4 contacts with 6 channels each, which is stored where it is not."""
    from benchmarks.contacts import People
    from benchmarks.making import row, store
    from mergeui.accounts.models import Organization
    from mergeui.review.models import Group

    people = People(6)
    people.portion(FAR)
    made = people.group(4, channels=6)
    found = Group.objects.filter(primary_contact_id=made[0]["id"], state="open").first()
    organization = Organization.objects.configured()
    return found.pk if found else store([row(organization, 1.0, made)], organization)[0]


if __name__ == "__main__":
    django.setup()
    from django.core.management import call_command

    # A desk that was filled some time ago is brought up to date, as an update of the product does.
    call_command("migrate", verbosity=0)
    collect()
    print(json.dumps(addresses()))
