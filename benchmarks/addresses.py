"""What a desk of the benchmarks is measured by: names of pages, and their addresses.

python -m benchmarks.addresses    says so of the desk of DATABASE_URL, which world.py has filled
"""

import json

import django
from django.db.models import Max

from benchmarks.programs import session_key

ADMIN = "/bench/admin/review/group/"


def addresses() -> dict[str, str]:
    """What to measure a desk by: names of pages and their addresses, and a session to open them."""
    from django.contrib.sessions.backends.db import SessionStore

    from mergeui.accounts.models import User
    from mergeui.audit.models import Entry
    from mergeui.review.models import Group

    waiting = Group.objects.filter(state="open").order_by("pk")
    four = waiting.filter(member_count=4)[0]
    largest = waiting.filter(
        member_count=waiting.aggregate(Max("member_count"))["member_count__max"]
    )
    channels = [one for member in four.members.all() for one in member.raw["channels"]]
    email = next(one["email"] for one in channels if one["email"])
    phone = next(one["phone"] for one in channels if one["phone"])
    last = Entry.objects.aggregate(Max("number"))["number__max"]
    who = User.objects.get(username="bench-operator-1").pk
    found = {
        "session": session_key(SessionStore),
        "an empty page": "/bench/empty/",
        "the queue's template alone": "/bench/bare/",
        "Django admin's list": f"{ADMIN}?state__exact=open&risky__exact=1&q=maria",
        "queue, first page": "/groups/",
        "queue, last page": "/groups/?at=last",
        "queue, search and two filters": "/groups/?q=maria&risk=any",
        "queue, by a part of a name": "/groups/?q=mar",
        "queue, by an e-mail": f"/groups/?q={email}",
        "queue, by the end of a number": f"/groups/?q={phone[-5:]}",
        "queue, by an id": f"/groups/?q={four.primary_contact_id}",
        "queue, a rare filter": "/groups/?size=21%2B",
        "counts of the views": "/views/strip/",
        "compare, 4 contacts": f"/groups/{four.pk}/",
        f"compare, {largest[0].member_count} contacts": f"/groups/{largest[0].pk}/",
        "history, first page": "/history/",
        "history, last page": "/history/?at=last",
        "history, by an operator and an action": f"/history/?operator={who}&action=merge_completed",
        "history, by a name": "/history/?name=maria",
    }
    User.objects.filter(username="bench").update(is_staff=True, is_superuser=True)
    if last:
        facts = Entry.objects.get(number=last // 2).facts
        found["history, by a contact"] = f"/history/?contact={facts['primary']}"
    return found


if __name__ == "__main__":
    django.setup()
    print(json.dumps(addresses()))
