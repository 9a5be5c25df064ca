"""All merges halted: everybody sees it, and an approver lets them go on."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from mergeui.accounts.models import Organization, Role
from mergeui.audit import triggers
from mergeui.audit.models import Check
from mergeui.merging import journal
from mergeui.merging.models import Standing
from mergeui.merging.standing import check_memory, halt, halted
from mergeui.merging.worker import watch_history
from tests.contacts import contact, whatsapp
from tests.desk import Desk, past
from tests.merging.stage import approved, copies
from tests.web.cast import somebody, stranger, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return Desk()


def forgotten(desk: Desk) -> None:
    """A call that this database doesn't know."""
    journal.note(
        journal.Line(
            900, "f" * 64, "2026-01-01T00:00:00", desk.organization.pk, 41, "kept", ("gone",)
        )
    )
    check_memory(desk.organization)


def test_every_page_says_it_and_leads_to_what_to_do(desk: Desk) -> None:
    halt(desk.organization, Standing.Halt.KEY, "Invent refused the API key (401).")

    page = text_of(somebody(Role.VIEWER).get("/groups/"))

    assert "No merge is executed now." in page
    assert "Invent refused the API key (401)." in page
    assert 'href="/halt/"' in page
    assert "No merge is executed" not in text_of(stranger().get("/groups/"))


def test_it_says_where_a_new_key_is_entered(desk: Desk, settings: Any) -> None:
    """The variable counts for the organisation of the environment alone."""
    halt(desk.organization, Standing.Halt.KEY, "refused")
    admin, place = somebody(Role.ADMIN), 'href="/team/connection/">Key of Invent</a>'
    page = text_of(admin.get("/halt/"))
    assert "INVENT_API_KEY" in page
    assert place not in page

    settings.INVENT_API_KEY = ""
    Organization.objects.update(sealed_key="sealed")
    page = text_of(admin.get("/halt/"))
    assert "INVENT_API_KEY" not in page
    assert place in page
    assert place not in text_of(somebody(Role.APPROVER).get("/halt/"))

    parent = Organization.objects.create(name="Hats", invent_org_id="hats", sealed_key="sealed")
    Organization.objects.filter(pk=desk.organization.pk).update(sealed_key="", parent=parent)
    page = text_of(admin.get("/halt/"))
    assert "an admin of <bdi>Hats</bdi> enters it there" in page
    assert place not in page


def test_an_approver_lets_them_go_on_after_a_refused_key(desk: Desk) -> None:
    halt(desk.organization, Standing.Halt.KEY, "refused")
    approver = somebody(Role.APPROVER)
    assert "Let the merges go on" in text_of(approver.get("/halt/"))

    answer = approver.post("/halt/end/")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/halt/")
    assert halted(desk.organization) is None
    assert approver.post("/halt/end/").status_code == 409
    assert "Merges go on" in text_of(approver.get("/halt/"))


def test_an_approver_lets_them_go_on_after_merges_were_forbidden(desk: Desk) -> None:
    halt(desk.organization, Standing.Halt.FORBIDDEN, "Answered with 403.")
    approver = somebody(Role.APPROVER)
    page = text_of(approver.get("/halt/"))
    assert "Answered with 403." in page
    assert "Merges are answered with 403" in page
    assert 'href="/requests/?view=person"' in page

    assert "Merges go on." in text_of(approver.post("/halt/end/", follow=True))
    assert halted(desk.organization) is None


def test_a_gap_is_shown_call_by_call_and_looked_at_by_the_worker(desk: Desk) -> None:
    forgotten(desk)
    approver = somebody(Role.APPROVER)
    page = text_of(approver.get("/halt/"))
    assert "Look at Invent, then go on" in page
    assert "Request 41" in page

    page = text_of(approver.post("/halt/end/", follow=True))

    assert "The worker is looking at Invent" in page
    assert halted(desk.organization).looked_for


def test_a_journal_that_can_not_be_read_is_said_on_the_page(desk: Desk, settings) -> None:
    forgotten(desk)
    settings.MERGE_JOURNAL.unlink()
    settings.MERGE_JOURNAL.mkdir()

    assert "can&#x27;t be read" in text_of(somebody(Role.VIEWER).get("/halt/"))
    settings.MERGE_JOURNAL.rmdir()


def test_a_broken_history_is_said_on_every_page_and_to_probes(desk: Desk) -> None:
    desk.sync()
    watch_history()
    assert "Verified up to entry 1" in text_of(somebody(Role.VIEWER).get("/history/"))
    with triggers.lifted(connection), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET actor_name = 'Somebody else' WHERE number = 1")
    Check.objects.update(
        at=timezone.now() - timedelta(days=2), whole_at=timezone.now() - timedelta(days=2)
    )

    watch_history()

    page = text_of(somebody(Role.VIEWER).get("/groups/"))
    assert "The history is broken." in page
    assert "Entry 1: its content is not what was hashed." in page
    assert "Broken, as of" in text_of(somebody(Role.VIEWER).get("/history/"))
    ready = Client().get("/healthz/ready")
    assert (ready.status_code, ready.json()["history"][:8]) == (503, "Entry 1:")


def test_an_approved_request_is_promised_nothing_while_all_is_halted(desk: Desk, settings) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 60
    anas = Desk(contact("Ana", whatsapp("+15550101")), contact("Ana", whatsapp("+15550101")))
    anas.sync()
    request = approved(anas)
    halt(desk.organization, Standing.Halt.KEY, "refused")
    client = somebody(Role.APPROVER)
    address = f"/requests/{request.pk}/"

    for seconds in (-30, 30):  # in the cool-off, and after it
        past(request, execute_after=seconds)
        page = text_of(client.get(address))
        assert "All merges are halted. It waits until they go on" in page
        assert "It is sent in" not in page
        assert "takes it next" not in page
        assert "Cancel the merge" in page
        assert "<progress" not in page
    past(request, execute_after=-30)
    Standing.objects.update(halted_as="")
    assert "It is sent in" in text_of(client.get(address))


def test_how_many_merges_go_out_is_said_before_they_do(desk: Desk) -> None:
    anas = Desk(contact("Ana", whatsapp("+15550101")), contact("Ana", whatsapp("+15550101")))
    anas.sync()
    halt(desk.organization, Standing.Halt.KEY, "refused")
    client = somebody(Role.APPROVER)
    assert "once merges go on." not in text_of(client.get("/halt/"))

    request = approved(anas)
    page = text_of(client.get("/halt/"))
    # Once: not as what is for the approver, beside "Requests", too.
    assert page.count("1 approved merge waits, and is sent once merges go on.") == 1

    copies(request, [{}] * 100)
    assert "More than 100 approved merges wait" in text_of(client.get("/halt/"))


def test_who_may_not(desk: Desk) -> None:
    halt(desk.organization, Standing.Halt.KEY, "refused")

    assert "An approver can let them go on." in text_of(somebody(Role.OPERATOR).get("/halt/"))
    assert somebody(Role.OPERATOR).post("/halt/end/").status_code == 403
    assert somebody(Role.APPROVER).get("/halt/end/").status_code == 405
    assert Client().post("/halt/end/").headers["Location"].startswith("/login/")
    assert stranger().post("/halt/end/").status_code == 409
    assert halted(desk.organization)
