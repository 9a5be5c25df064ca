"""The whole main job as one story: from Invent's suggestions to a merge that history remembers.

Read it from top to bottom. The pages are asked as a browser without JavaScript asks them, the
stand-in Invent does what the vendor documents, the worker does one round at a time.
"""

import re

import pytest
from django.test import Client

from mergeui.accounts.models import Role
from mergeui.audit.verify import verify
from mergeui.merging.models import MergeRequest
from tests.contacts import contact, email, segment, whatsapp
from tests.desk import Desk, cool_off, member, past

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"


class Person:
    """Somebody in front of a browser."""

    def __init__(self, name: str, role: Role) -> None:
        member(role, name=name)
        self.browser = Client()
        self.page = ""
        answer = self.browser.post("/login/", {"username": name, "password": PASSWORD})
        assert answer.status_code == 303

    def opens(self, address: str) -> str:
        """The text of a page, as it is read."""
        answer = self.browser.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        return _read(answer.content.decode())

    def sends(self, address: str, **fields: object) -> str:
        """Sends a form, and reads the page that it leads to."""
        answer = self.browser.post(address, fields, follow=True)
        assert answer.redirect_chain, _read(answer.content.decode())[:2000]
        assert answer.redirect_chain[0][1] == 303
        return _read(answer.content.decode())


def _read(html: str) -> str:
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", text.replace("&#x27;", "'").replace("&quot;", '"'))


def test_from_the_first_sync_to_history() -> None:
    # Ana García writes by WhatsApp and by e-mail, and so she is two contacts. Tom and Wei share
    # the phone of their office. Bea is there twice, and one of them unsubscribed.
    ana = contact(
        "Ana García",
        whatsapp("+15550101"),
        email("ana@example.com"),
        segments=[segment("VIP", "amber")],
        created_at="2023-01-01T00:00:00Z",
    )
    ana_again = contact("Ana G.", whatsapp("+15550101"), segments=[segment("Newsletter")])
    tom = contact("Tom Baker", whatsapp("+15550102"))
    wei = contact("Wei Chen", whatsapp("+15550102"))
    bea = contact("Bea Costa", email("bea@example.com"), created_at="2023-01-01T00:00:00Z")
    bea_out = contact("Bea Costa", email("bea@example.com"), unsubscribed=True)
    desk = Desk(ana, ana_again, tom, wei, bea, bea_out)
    olga, paula = Person("olga", Role.OPERATOR), Person("paula", Role.APPROVER)

    # The queue is empty and says what to do. Olga presses Refresh; the worker reads Invent.
    assert "Press Refresh" in olga.opens("/groups/")
    olga.sends("/sync/")
    assert desk.refresh()
    queue = olga.opens("/groups/")
    assert "3 groups" in queue
    assert "Ana García · Ana G. WhatsApp +15550101" in queue
    assert "Names conflict" in queue
    assert "Consent differs" in queue

    # She opens Ana and sees side by side why they are suggested and what differs.
    group = desk.group_of(ana)
    page = olga.opens(f"/groups/{group.pk}/")
    assert "Ana García and Ana G. both have WhatsApp +15550101" in page
    assert "Shared by both" in page
    assert "1 contact will be merged into Ana García and disappears; this can't be undone." in page
    assert "Newsletter added from Ana G." in page

    # She ticks and confirms. Ten seconds are left to think again; then the worker merges, once.
    page = olga.sends(
        f"/groups/{group.pk}/request/", primary=ana["id"], sources=[ana_again["id"]], note="same"
    )
    bar = re.search(r"Merging in .*\b(\d+) s: Ana García . Look at the request .* Undo", page)
    request = MergeRequest.objects.get()
    left, whole = cool_off(request)
    assert bar
    assert left <= int(bar[1]) <= whole == 10
    assert desk.work() == 0
    past(request, execute_after=1)
    assert desk.work() == 1
    page = olga.opens(f"/requests/{request.pk}/")
    assert "The contacts are one now." in page
    assert desk.counters.merge_calls == 1
    assert not desk.exists(ana_again["id"])

    # Tom and Wei are colleagues: not a duplicate. It leaves the queue.
    group = desk.group_of(tom)
    olga.sends(f"/groups/{group.pk}/dismiss/", note="They share the office phone")
    assert "1 group" in olga.opens("/groups/")

    # Bea is risky: without the tick nothing goes, and with it Paula has to approve.
    group = desk.group_of(bea)
    choice = {"primary": bea["id"], "sources": [bea_out["id"]]}
    refused = olga.browser.post(f"/groups/{group.pk}/request/", {**choice, "note": "my words"})
    assert refused.status_code == 400
    assert "This merge is risky" in refused.content.decode()
    assert "my words" in refused.content.decode()
    page = olga.sends(f"/groups/{group.pk}/request/", **choice, acknowledge="yes")
    assert "Approval asked for: Bea Costa" in page
    risky = MergeRequest.objects.latest("pk")
    page = paula.opens("/requests/")
    assert "Merge 1 contact into Bea Costa" in page
    assert "still receives messages. Invent decides which wins." in page
    paula.sends(f"/requests/{risky.pk}/approve/", note="I asked her")
    past(risky, execute_after=1)
    desk.work()
    page = paula.opens(f"/requests/{risky.pk}/")
    assert "Approved by paula" in page

    # The opt-out was lost by the merge: the page says so, and history has it.
    assert "An opt-out was lost: the result receives messages again." in page

    # Years later: where did that contact go?
    page = paula.opens(f"/contacts/{ana_again['id']}/")
    assert "Merged away" in page
    assert "→ Ana García Asked by olga" in page
    history = paula.opens(f"/history/?contact={ana_again['id']}")
    assert "Olga asked to merge Ana G. into Ana García" in history
    history = paula.opens("/history/?q=ana@example.com")
    assert "Olga asked to merge Ana G. into Ana García" in history

    # And the history can prove that nobody touched it.
    assert verify().broken is None
