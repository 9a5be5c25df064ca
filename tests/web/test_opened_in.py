"""A form of one organisation does nothing in another, where somebody went in another window."""

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from mergeui.accounts.models import Membership, Organization, Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.merging.models import BulkDecision
from mergeui.review.models import SyncRun
from tests.desk import member
from tests.web.cast import HTMX, client_of, proved, text_of

# Those that belong to a person or to nobody, whatever organisation they are in.
OF_A_PERSON = re.compile(r"account_|login|logout|mfa_|switch$|settings_change$")
FORM = re.compile(
    r"<form\b(?=[^\n]*method=\"post\")[^\n]*action=\"{% url '(\w+)' %}\"(.*?)</form>", re.DOTALL
)


@pytest.fixture
def browser(others: Organization) -> Client:
    """That of an admin in two organisations, who is in the first one."""
    here = member(Role.ADMIN)
    Membership.objects.create(user=here.user, organization=others, role=Role.ADMIN)
    return proved(client_of(here))


def send(browser: Client, where: str, of: Organization, **how: object) -> HttpResponse:
    fields = {"opened_in": of.pk, "kind": "merge", "label": "Nora", "role": "operator"}
    return browser.post(where, fields, **how)


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["/sync/", "/bulk/new/", "/team/invite/", "/undo/"])
def test_nothing_is_done(browser: Client, others: Organization, where: str) -> None:
    answer = send(browser, where, others)

    assert answer.status_code == 409
    assert "opened in another organisation than the one you are in now, My team" in text_of(answer)
    assert not SyncRun.objects.exists()
    assert not BulkDecision.objects.exists()
    assert Entry.objects.get().action == Action.REFUSED


@pytest.mark.django_db
def test_one_click_leads_there_and_what_was_typed_is_kept(
    browser: Client, others: Organization
) -> None:
    page = text_of(send(browser, "/team/invite/", others))
    assert "Go to Hats &amp; &lt;Sons&gt;" in page
    assert 'name="next" value="/team/"' in page

    browser.post("/switch/", {"organization": others.pk, "next": "/team/"})
    page = text_of(browser.get("/team/"))
    assert "This was not sent from the other organisation" in page
    assert 'value="Nora"' in page


@pytest.mark.django_db
def test_a_part_of_a_page_says_it_too(browser: Client, others: Organization) -> None:
    answer = send(browser, "/sync/", others, headers=HTMX)

    assert (answer.status_code, answer["HX-Retarget"]) == (409, "#problem")
    assert "Go to Hats" in text_of(answer)


@pytest.mark.django_db
def test_an_organisation_that_is_not_theirs_is_not_named(browser: Client) -> None:
    strange = Organization.objects.create(invent_org_id="org_x", name="Strangers")
    for number in (str(strange.pk), "x", "9" * 40):
        answer = browser.post("/sync/", {"opened_in": number})
        assert answer.status_code == 409
        assert "Strangers" not in text_of(answer)


@pytest.mark.django_db
def test_a_form_of_this_one_is_taken(browser: Client) -> None:
    mine = Organization.objects.configured()
    assert f'name="opened_in" value="{mine.pk}"' in text_of(browser.get("/groups/"))
    assert send(browser, "/sync/", mine).status_code == 303
    assert SyncRun.objects.get().organization == mine


def forms() -> Iterator[tuple[str, str, str]]:
    """File, address and inside of every form whose address names nothing."""
    folder = settings.BASE_DIR / "templates"
    for path in sorted(folder.rglob("*.html")):
        for name, inside in FORM.findall(path.read_text()):
            yield str(path.relative_to(folder)), name, inside


def test_every_form_says_where_it_was_opened() -> None:
    found = list(forms())
    forgetful = [
        (path, name)
        for path, name, inside in found
        if not OF_A_PERSON.match(name) and 'name="opened_in"' not in inside
    ]
    assert len(found) > 25
    assert not forgetful
