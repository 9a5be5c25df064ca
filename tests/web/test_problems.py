"""What a refusal looks like, and what is kept of it."""

from collections.abc import Iterator

import pytest
from django.test import Client, RequestFactory

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.audit.words import CODES
from mergeui.errors import Problem
from mergeui.web.views import errors
from tests.desk import member
from tests.web.cast import HTMX, client_of, somebody, text_of

pytestmark = pytest.mark.django_db


def test_nothing_there() -> None:
    answer = somebody().get("/nowhere/")

    assert answer.status_code == 404
    assert "There is nothing here" in text_of(answer)
    assert "<nav" in text_of(answer)


@pytest.mark.parametrize(
    "path", ["/groups/4711/", "/requests/4711/", "/history/4711/", "/bulk/4711/"]
)
def test_what_is_not_there_is_told_in_our_words(path: str) -> None:
    answer = somebody().get(path)

    assert answer.status_code == 404
    assert "it belongs to another team" in text_of(answer)
    assert "matches the given query" not in text_of(answer)


def test_nothing_there_for_people_outside(client: Client) -> None:
    assert "Sign in" in text_of(client.get("/nowhere/"))


def test_a_refused_form_is_an_entry() -> None:
    viewer = member(Role.VIEWER, name="vera")
    client_of(viewer).post("/sync/", headers={"X-Request-ID": "request-id-of-the-proxy"})

    entry = Entry.objects.get(action=Action.REFUSED)
    assert (entry.actor, entry.request_id) == (viewer.user, "request-id-of-the-proxy")
    assert entry.facts == {
        "reason": "notallowed",
        "status": 403,
        "path": "/sync/",
        "method": "POST",
    }


def every(kind: type[Problem]) -> Iterator[type[Problem]]:
    """It and all kinds of it; the addresses have loaded all that any view raises."""
    yield kind
    for one in kind.__subclasses__():
        yield from every(one)


def test_the_history_has_words_for_every_refusal() -> None:
    assert Client().get("/").status_code == 302
    kinds = {kind.__name__.lower() for kind in every(Problem)} - {"problem"}

    assert "claimed" in kinds
    assert kinds <= set(CODES)


def test_htmx_gets_a_fragment_for_the_place_of_problems() -> None:
    answer = somebody(Role.VIEWER).post("/sync/", headers=HTMX)

    assert answer.status_code == 403
    assert answer["HX-Retarget"] == "#problem"
    assert "<html" not in text_of(answer)
    assert "takes the role operator" in text_of(answer)


def test_what_was_typed_can_be_copied() -> None:
    answer = somebody(Role.VIEWER).post("/sync/", {"note": "<b>a long story</b>"})

    assert "&lt;b&gt;a long story&lt;/b&gt;" in text_of(answer)


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space in it", "ümlaut-in-the-id"])
def test_odd_request_ids_are_replaced(client: Client, given: str) -> None:
    answer = client.get("/healthz/live", headers={"X-Request-ID": given})

    assert answer["X-Request-ID"] != given
    assert len(answer["X-Request-ID"]) == 24


def test_a_mistake_of_ours_is_told_without_the_database(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries
) -> None:
    request = RequestFactory().get("/groups/")
    request.request_id = "0123456789ab"  # type: ignore[attr-defined]
    with django_assert_num_queries(0):
        answer = errors.server_error(request)
    assert answer.status_code == 500
    assert "0123456789ab" in text_of(answer)

    def broken(*args: object) -> str:
        raise RuntimeError

    monkeypatch.setattr(errors, "render_to_string", broken)
    assert errors.server_error(request).status_code == 500


def test_a_view_that_breaks_shows_no_stack_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    client = somebody()
    client.raise_request_exception = False

    def broken(*args: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("mergeui.web.refresh.latest", broken)
    answer = client.get("/groups/")
    assert answer.status_code == 500
    assert "secret detail" not in text_of(answer)
    assert answer["X-Request-ID"] in text_of(answer)


def test_other_refusals_of_django(rf: RequestFactory) -> None:
    for page, status in ((errors.bad_request, 400), (errors.forbidden, 403)):
        request = rf.get("/")
        request.resolver_match = None
        assert page(request, Exception()).status_code == status


def forged(client: Client, origin: str, path: str = "/sync/"):
    """A form whose token is none of ours."""
    client.handler.enforce_csrf_checks = True
    return client.post(path, {"note": "typed"}, headers={"Origin": origin})


def test_a_form_from_another_site_is_refused() -> None:
    answer = forged(somebody(), "https://evil.example")

    assert answer.status_code == 403
    assert "The form was too old" in text_of(answer)


def test_an_old_form_of_ours_leads_back_to_its_page() -> None:
    client = somebody()
    answer = forged(client, "http://testserver")

    assert (answer.status_code, answer.url) == (303, "/groups/")
    assert client.session["typed"]["fields"] == {"note": ["typed"]}


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/undo/", "/groups/"),
        ("/groups/7/preview/", "/groups/7/"),
        ("/groups/7/note/", "/groups/7/"),
        ("/requests/7/reject/", "/requests/7/"),
    ],
)
def test_an_old_form_that_htmx_sends_loads_its_page_whole(path: str, page: str) -> None:
    """As after signing in anew in another tab."""
    client = somebody()
    client.handler.enforce_csrf_checks = True
    answer = client.post(path, {"note": "typed"}, headers={"Origin": "http://testserver", **HTMX})

    assert answer["HX-Redirect"] == page
    assert client.session["typed"]["fields"] == {"note": ["typed"]}


def test_an_old_form_without_a_page_is_told(client: Client) -> None:
    assert forged(client, "http://testserver", "/logout/").status_code == 403


def test_the_address_behind_a_proxy(settings) -> None:
    settings.BEHIND_PROXY = True
    viewer = somebody(Role.VIEWER)
    viewer.post("/sync/", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"})

    assert Entry.objects.get(action=Action.REFUSED).address == "198.51.100.7"


def test_a_forwarded_address_is_not_believed_without_a_proxy() -> None:
    viewer = somebody(Role.VIEWER)
    viewer.post("/sync/", headers={"X-Forwarded-For": "203.0.113.9"})

    assert Entry.objects.get(action=Action.REFUSED).address == "127.0.0.1"


def test_every_page_forbids_what_is_not_ours(client: Client) -> None:
    policy = client.get("/login/")["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    page = text_of(client.get("/login/"))
    assert " style=" not in page
    assert "<script>" not in page
    assert "http://" not in page
