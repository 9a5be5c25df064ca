"""What every answer says to the admin, as scored by MDN's HTTP Observatory."""

import runpy
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings

from mergeui.accounts.models import Role
from mergeui.web import messages
from mergeui.web.middleware import FEATURES
from tests.contacts import contact, whatsapp
from tests.desk import Desk, member
from tests.web.cast import HTMX, client_of
from tests.web.observatory import BEGIN, best, csp, points, score

pytestmark = pytest.mark.django_db

HOST = "desk.example.com"
PROXIED = {"HTTP_HOST": HOST, "HTTP_X_FORWARDED_PROTO": "https"}
SAFETY = ("SECURE_", "SESSION_COOKIE", "CSRF_COOKIE", "MESSAGES_COOKIE", "ALLOWED_", "X_FRAME",
          "CONTENT_SECURITY")  # fmt: skip


@pytest.fixture
def in_production(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The settings that mergeui gives itself for a host behind https."""
    monkeypatch.setenv("ALLOWED_HOSTS", HOST)
    monkeypatch.setenv("BEHIND_PROXY", "on")
    given = runpy.run_path("mergeui/settings.py")
    safe = {name: value for name, value in given.items() if name.startswith(SAFETY)}
    monkeypatch.setattr(messages.Messages, "cookie_name", safe["MESSAGES_COOKIE_NAME"])
    with override_settings(**safe):
        yield safe


@pytest.fixture
def admin(in_production: dict[str, Any]) -> Client:
    desk = Desk(contact("Ana", whatsapp("+15550101")), contact("Ana", whatsapp("+15550101")))
    desk.sync()
    client = client_of(member(Role.ADMIN))
    client.defaults |= PROXIED
    return client


def anybody() -> Client:
    return Client(**PROXIED)


def answers(admin: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, HttpResponse]]:
    """One answer of every kind: pages, fragments, files, refusals, errors, redirections."""
    pk = Desk().group().pk
    yield "sign-in", anybody().get("/login/")
    yield "sent to the sign-in", anybody().get("/groups/")
    wrong = {"username": "x", "password": "y"}
    yield "sign-in refused", anybody().post("/login/", wrong)
    for address in ("/", "/groups/", f"/groups/{pk}/", "/requests/", "/history/", "/history/1/",
                    "/settings/", "/halt/", "/contacts/", "/healthz/live", "/healthz/ready",
                    "/static/css/app.css", "/static/js/app.js", "/static/img/mark.svg",
                    "/history/export/?format=csv", "/history/export/?format=jsonl",
                    "/nowhere/", "/groups/99/", "/static/nowhere.css"):  # fmt: skip
        yield address, admin.get(address)
    typed = anybody()
    yield "a form without a session", typed.post(f"/groups/{pk}/dismiss/", {"note": "typed"})
    signing = {"username": "olga", "password": "a long enough password"}
    member(Role.OPERATOR, name="olga")
    yield "signed in", typed.post("/login/", signing)
    yield "with a message", typed.get(f"/groups/{pk}/")
    yield "a fragment", admin.get("/groups/", headers=HTMX)
    yield "a refused form", admin.post(f"/groups/{pk}/snooze/", {"until": "x", "note": "typed"})
    yield "a refused fragment", admin.post(f"/groups/{pk}/snooze/", {}, headers=HTMX)
    yield "a decision", admin.post(f"/groups/{pk}/dismiss/", {})
    yield "a wrong method", admin.get(f"/groups/{pk}/dismiss/")
    careful = Client(enforce_csrf_checks=True, **PROXIED)
    yield "without a token", careful.post("/login/", wrong)
    admin.raise_request_exception = False
    monkeypatch.setattr("mergeui.web.views.queue.render", None)
    yield "an error of ours", admin.get("/groups/")


def test_every_answer_has_the_full_score(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    statuses, cookies = set(), set()
    for name, response in answers(admin, monkeypatch):
        b"".join(response)  # to its end, so that a file is closed
        statuses.add(response.status_code)
        cookies |= set(response.cookies)
        assert points(response) == best(response), name
        assert score(response) >= BEGIN + 30, name
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp", name
        assert f"{FEATURES[0]}=()" in response.headers["Permissions-Policy"], name
        assert "unsafe" not in response.headers["Content-Security-Policy"], name
        kept = (
            "max-age" if name.startswith("/static/") and response.status_code == 200 else "no-store"
        )
        assert kept in response.headers["Cache-Control"], name
    assert {200, 302, 303, 400, 403, 404, 405, 500} <= statuses
    # Which list and which decision the person was at last: nothing that stands for them.
    harmless = {"queue_place", "queue", "lately"}
    assert cookies - harmless == {"__Host-csrftoken", "__Host-messages", "__Host-sessionid"}


def test_cookies_are_of_this_host_alone(admin: Client) -> None:
    signed_in = anybody()
    name = member(Role.VIEWER).user.username
    found = signed_in.get("/login/").cookies
    found |= signed_in.post(
        "/login/", {"username": name, "password": "a long enough password"}
    ).cookies
    for cookie in found.values():
        assert cookie["secure"]
        assert cookie["httponly"]
        assert (cookie["path"], cookie["domain"], cookie["samesite"]) == ("/", "", "Lax")


def test_http_is_sent_to_https_on_the_same_host(admin: Client) -> None:
    answer = Client(HTTP_HOST=HOST).get("/groups/?q=ana")
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"https://{HOST}/groups/?q=ana"


@pytest.mark.parametrize(
    ("header", "value", "test", "worth"),
    [
        ("Content-Security-Policy", None, "content-security-policy", -25),
        ("Content-Security-Policy", "default-src 'self'", "content-security-policy", 5),
        ("Content-Security-Policy", "script-src 'unsafe-inline'", "content-security-policy", -20),
        ("Content-Security-Policy", "default-src https:", "content-security-policy", -20),
        ("Content-Security-Policy", "default-src http://a.example", "content-security-policy", -20),
        ("Content-Security-Policy", "default-src 'none'; script-src 'unsafe-eval'",
         "content-security-policy", -10),
        ("Content-Security-Policy", "default-src 'none'; img-src http://a.example",
         "content-security-policy", -10),
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'",
         "content-security-policy", 0),
        ("Cross-Origin-Resource-Policy", None, "cross-origin-resource-policy", 0),
        ("Referrer-Policy", None, "referrer-policy", 0),
        ("Referrer-Policy", "unsafe-url", "referrer-policy", -5),
        ("Strict-Transport-Security", None, "strict-transport-security", -20),
        ("Strict-Transport-Security", "max-age=60", "strict-transport-security", -10),
        ("X-Content-Type-Options", None, "x-content-type-options", -5),
        ("Set-Cookie", "sessionid", "cookies", -40),
    ],
)  # fmt: skip
def test_the_score_can_fall(
    admin: Client, header: str, value: str | None, test: str, worth: int
) -> None:
    response = anybody().get("/login/")
    if header == "Set-Cookie":
        response.set_cookie(str(value), "1")
    elif value is None:
        del response.headers[header]
    else:
        response.headers[header] = value
    assert points(response)[test] == worth


def test_on_a_machine_of_ones_own_cookies_go_over_http() -> None:
    given = runpy.run_path("mergeui/settings.py")
    assert (given["SESSION_COOKIE_NAME"], given["SESSION_COOKIE_SECURE"]) == ("sessionid", False)


def test_nothing_is_inline() -> None:
    policy = csp(Client().get("/login/").headers["Content-Security-Policy"])
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == {"'none'"}
    assert {source for sources in policy.values() for source in sources} == {"'none'", "'self'"}
