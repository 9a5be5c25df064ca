"""A person's own account: authenticator app, passkeys, recovery codes, password, sessions."""

import html
import json
import re
import time
from datetime import timedelta
from io import StringIO
from urllib.parse import urlencode

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from mergeui.accounts.models import Membership, Role, User
from mergeui.audit.actions import Action
from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from mergeui.web.access import FRESH_SECONDS
from tests.desk import member
from tests.web.cast import client_of, proved, stranger, text_of
from tests.web.passkeys import Passkey

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
NEW = "three brown horses at noon"


@pytest.fixture
def olga() -> Membership:
    return member(Role.OPERATOR, name="olga")


@pytest.fixture
def client(olga: Membership) -> Client:
    """Her browser, in which she signed in a minute ago."""
    return proved(client_of(olga))


def sign_in(name: str = "olga", password: str = PASSWORD, **more: str) -> tuple[Client, str]:
    """A new browser, and where the sign-in leads."""
    client = Client()
    answer = client.post("/login/", {"username": name, "password": password, **more})
    assert answer.status_code == 303, text_of(answer)
    return client, answer.url


def code_of(secret: str, later: int = 0) -> str:
    """What the app on the phone shows, now or some periods later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def set_up_app(client: Client) -> str:
    """Sets up the app; the secret."""
    page = text_of(client.get("/account/app/"))
    secret = re.search(r'class="mono" dir="ltr">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    answer = client.post("/account/app/add/", {"code": code_of(secret)})
    assert (answer.status_code, answer.url) == (303, "/account/codes/")
    return secret


def options_of(page: str) -> dict:
    """What a page asks a passkey."""
    return json.loads(html.unescape(re.search(r'data-options="([^"]*)"', page)[1]))


def add_passkey(client: Client, name: str = "My phone") -> Passkey:
    """Adds a passkey."""
    passkey = Passkey()
    credential = passkey.create(options_of(text_of(client.get("/account/passkey/"))))
    answer = client.post("/account/passkey/add/", {"name": name, "credential": credential})
    assert answer.status_code == 303, text_of(answer)
    return passkey


def said(action: Action) -> list[str]:
    return [describe(one) for one in Entry.objects.filter(action=action).order_by("number")]


# Authenticator app


def test_the_app_is_set_up_and_asked_for(client: Client, olga: Membership) -> None:
    secret = set_up_app(client)

    assert "Authenticator app" in text_of(client.get("/account/"))
    assert said(Action.FACTOR_ADDED) == ["Olga set up an authenticator app."]
    browser, to = sign_in(next="/history/")
    assert to == "/login/second/"
    assert browser.get("/groups/").status_code == 302
    answer = browser.post("/login/second/", {"code": code_of(secret, 1)})
    assert (answer.status_code, answer.url) == (303, "/history/")
    assert said(Action.SIGNED_IN) == ["Olga signed in (a password, an authenticator app)."]


def test_its_secret_does_not_lie_open_in_the_database(client: Client) -> None:
    secret = set_up_app(client)

    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert "gAAAA" in kept


def test_another_secret_key_opens_nothing_and_the_former_one_still_does(
    client: Client, settings
) -> None:
    secret = set_up_app(client)
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another key " * 4
    browser, _ = sign_in()

    assert browser.post("/login/second/", {"code": code_of(secret, 1)}).status_code == 400
    settings.SECRET_KEY_FALLBACKS = [former]
    assert browser.post("/login/second/", {"code": code_of(secret, 1)}).status_code == 303


def test_a_wrong_code_is_refused_and_recorded(client: Client) -> None:
    set_up_app(client)
    browser, _ = sign_in()
    answer = browser.post("/login/second/", {"code": "000 000"})

    assert answer.status_code == 400
    assert "does not fit" in text_of(answer)
    assert said(Action.SIGN_IN_REFUSED) == ["Somebody could not sign in: wrong second factor."]
    assert browser.post("/login/again/").url == "/login/"
    assert browser.get("/login/second/").url == "/login/"


def test_a_code_serves_once(client: Client) -> None:
    secret = set_up_app(client)
    code = code_of(secret, 1)
    first, second = sign_in()[0], sign_in()[0]

    assert first.post("/login/second/", {"code": code}).status_code == 303
    assert second.post("/login/second/", {"code": code}).status_code == 400


def test_codes_can_not_be_guessed(client: Client) -> None:
    secret = set_up_app(client)
    browser, _ = sign_in()
    found = [browser.post("/login/second/", {"code": "0"}).status_code for _ in range(7)]

    assert found == [400] * 5 + [429] * 2
    assert browser.post("/login/second/", {"code": code_of(secret, 1)}).status_code == 429
    assert len(said(Action.SIGN_IN_LOCKED)) == 1


def test_the_first_code_has_to_fit(client: Client) -> None:
    page = text_of(client.get("/account/app/"))
    answer = client.post("/account/app/add/", {"code": "123"})

    assert "<svg" in page
    assert answer.status_code == 400
    assert "does not fit" in text_of(answer)
    assert not Authenticator.objects.exists()


def test_one_app_is_enough(client: Client) -> None:
    set_up_app(client)

    assert client.get("/account/app/").url == "/account/"
    assert client.post("/account/app/add/", {"code": "1"}).url == "/account/"


def test_the_first_second_factor_ends_sessions_that_had_none(client: Client) -> None:
    elsewhere, _ = sign_in()
    set_up_app(client)

    assert elsewhere.get("/groups/").status_code == 302
    assert client.get("/groups/").status_code == 200


def test_it_can_be_removed(client: Client, olga: Membership) -> None:
    set_up_app(client)
    pk = Authenticator.objects.get(type="totp").pk
    other = proved(stranger())

    assert other.post("/account/factors/remove/", {"factor": pk}).status_code == 303
    assert Authenticator.objects.filter(pk=pk).exists()
    assert client.post("/account/factors/remove/", {"factor": pk}).status_code == 303
    assert not Authenticator.objects.exists()
    assert said(Action.FACTOR_REMOVED) == ["Olga removed an authenticator app."]
    for odd in (str(pk), "", "x", "9" * 40, "²"):
        assert client.post("/account/factors/remove/", {"factor": odd}).status_code == 303


# Recovery codes


def test_codes_are_shown_once_and_each_signs_in_once(client: Client) -> None:
    set_up_app(client)
    codes = re.findall(r"<li>(\d{4} \d{4})</li>", text_of(client.get("/account/codes/")))

    assert len(codes) == 10
    assert codes[0] not in text_of(client.get("/account/codes/"))
    answers = [sign_in()[0].post("/login/second/", {"code": codes[0]}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 400]
    assert "9 codes are left" in text_of(client.get("/account/codes/"))


def test_new_codes_end_the_ones_before(client: Client) -> None:
    set_up_app(client)
    old = re.findall(r"<li>(\d{4} \d{4})</li>", text_of(client.get("/account/codes/")))
    assert client.post("/account/codes/new/").url == "/account/codes/"
    new = re.findall(r"<li>(\d{4} \d{4})</li>", text_of(client.get("/account/codes/")))

    assert len(new) == 10
    assert not set(old) & set(new)
    assert sign_in()[0].post("/login/second/", {"code": old[1]}).status_code == 400


def test_there_are_none_without_a_second_factor(client: Client) -> None:
    assert client.get("/account/codes/").url == "/account/"
    assert client.post("/account/codes/new/").url == "/account/"
    assert not Authenticator.objects.exists()


# Passkeys


def test_a_passkey_signs_in_alone(client: Client, olga: Membership) -> None:
    passkey = add_passkey(client, "<b>Phone</b>")
    assert "&lt;b&gt;Phone&lt;/b&gt;" in text_of(client.get("/account/"))

    browser = Client()
    asked = browser.get("/login/passkey/", headers={"Accept": "application/json"}).json()
    credential = passkey.get(asked["request_options"])
    answer = browser.post("/login/passkey/", {"credential": credential, "zone": "Europe/Madrid"})

    assert (answer.status_code, answer.url) == (303, "/groups/")
    assert said(Action.SIGNED_IN) == ["Olga signed in (a passkey)."]
    assert User.objects.get(pk=olga.user_id).time_zone == "Europe/Madrid"


def test_a_passkey_is_a_second_factor(client: Client) -> None:
    passkey = add_passkey(client)
    browser, to = sign_in()
    credential = passkey.get(options_of(text_of(browser.get(to))))

    assert browser.post(to, {"credential": credential}).status_code == 303
    assert browser.get("/groups/").status_code == 200


def test_a_passkey_nobody_knows_opens_nothing(client: Client, olga: Membership) -> None:
    strange = Passkey()
    strange.handle = add_passkey(client).handle
    browser = Client()
    asked = browser.get("/login/passkey/", headers={"Accept": "application/json"}).json()
    for credential in (strange.get(asked["request_options"]), "{}", "[]", "x", ""):
        answer = browser.post("/login/passkey/", {"credential": credential}, follow=True)
        assert "not known here" in text_of(answer)
    assert browser.get("/login/passkey/").url == "/login/"


def test_a_passkey_does_not_open_an_account_that_is_off(client: Client) -> None:
    passkey = add_passkey(client)
    User.objects.update(is_active=False)
    browser = Client()
    asked = browser.get("/login/passkey/", headers={"Accept": "application/json"}).json()
    credential = passkey.get(asked["request_options"])

    answer = browser.post("/login/passkey/", {"credential": credential}, follow=True)
    assert "switched off" in text_of(answer)
    assert browser.get("/groups/").status_code == 302


def test_what_is_no_passkey_is_not_kept(client: Client) -> None:
    client.get("/account/passkey/")

    for credential in ("{}", "[]", "7", "x", ""):
        answer = client.post("/account/passkey/add/", {"name": "x", "credential": credential})
        assert answer.status_code == 400


# Proving it again


def test_what_changes_the_way_in_takes_a_fresh_proof(client: Client, olga: Membership) -> None:
    session = client.session
    session["account_authentication_methods"][0]["at"] -= FRESH_SECONDS
    session.save()

    answer = client.get("/account/app/")
    assert answer.url == "/account/again/?" + urlencode({"next": "/account/app/"})
    assert client.post("/account/again/prove/", {"password": "wrong"}).status_code == 400
    fields = {"password": PASSWORD, "next": "/account/app/"}
    assert client.post("/account/again/prove/", fields).url == "/account/app/"
    assert client.get("/account/app/").status_code == 200


def test_with_a_second_factor_the_password_is_no_fresh_proof(client: Client) -> None:
    secret = set_up_app(client)
    proved(client, by="password")

    assert client.get("/account/codes/").status_code == 302
    assert "Password" not in text_of(client.get("/account/again/"))
    assert client.post("/account/again/prove/", {"password": PASSWORD}).status_code == 400
    answer = client.post("/account/again/prove/", {"code": code_of(secret, 1), "next": "//evil"})
    assert answer.url == "/account/"
    assert client.get("/account/codes/").status_code == 200


def test_a_passkey_is_a_fresh_proof(client: Client) -> None:
    passkey = add_passkey(client)
    proved(client, by="password")
    asked = options_of(text_of(client.get("/account/again/")))

    assert client.post("/account/again/prove/", {"credential": "{}"}).status_code == 400
    asked = options_of(text_of(client.get("/account/again/")))
    answer = client.post("/account/again/prove/", {"credential": passkey.get(asked)})
    assert answer.status_code == 303


def test_proofs_can_not_be_guessed(client: Client) -> None:
    set_up_app(client)
    proved(client, by="password")
    found = [client.post("/account/again/prove/", {"code": "0"}).status_code for _ in range(6)]

    assert found == [400] * 5 + [429]
    assert len(said(Action.SIGN_IN_LOCKED)) == 1


# Password and sessions


def test_the_old_password_is_not_guessed_here(client: Client) -> None:
    """But in the form that asks for a proof, which counts the tries and keeps each of them."""
    session = client.session
    del session["account_authentication_methods"]
    session.save()
    fields = {"old_password": "a guess", "new_password1": NEW, "new_password2": NEW}
    answer = client.post("/account/password/change/", fields)

    assert (answer.status_code, answer.url.partition("?")[0]) == (303, "/account/again/")
    assert client.get("/account/password/").status_code == 302


def test_a_session_that_is_used_ends_after_twelve_hours_all_the_same(
    client: Client, olga: Membership
) -> None:
    browser, _ = sign_in()
    ends = Session.objects.get(pk=browser.session.session_key).expire_date
    assert timedelta(hours=11) < ends - timezone.now() <= timedelta(hours=12)
    browser.get("/account/?next=/groups/")  # writes to the session
    assert Session.objects.get(pk=browser.session.session_key).expire_date == ends


def test_a_new_password_ends_the_other_sessions(client: Client) -> None:
    elsewhere, _ = sign_in()
    fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    answer = client.post("/account/password/change/", fields)

    assert (answer.status_code, answer.url) == (303, "/account/")
    assert client.get("/groups/").status_code == 200
    assert elsewhere.get("/groups/").status_code == 302
    sign_in(password=NEW)
    assert Entry.objects.filter(action=Action.PASSWORD_CHANGED).count() == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [("wrong", NEW, "entered incorrectly"), (PASSWORD, "qwerty123456", "too common"),
     (PASSWORD, "short", "too short"), (PASSWORD, "", "required")],
)  # fmt: skip
def test_a_password_that_is_no_good(client: Client, old: str, new: str, words: str) -> None:
    fields = {"old_password": old, "new_password1": new, "new_password2": new}
    answer = client.post("/account/password/change/", fields)

    assert answer.status_code == 400
    assert words in text_of(answer)


def test_sessions_are_listed_and_ended(client: Client, olga: Membership) -> None:
    here, _ = sign_in()
    agent = "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0 Safari/537.36 <script>"
    there = Client(headers={"User-Agent": agent})
    there.post("/login/", {"username": "olga", "password": PASSWORD})

    page = text_of(here.get("/account/"))
    assert "Chrome on Linux" in page
    assert page.count("Sign out</button>") == 2  # in the menu, and there
    pk = re.search(r'name="session" value="(\d+)"', page)[1]
    assert proved(stranger()).post("/account/sessions/end/", {"session": pk}).status_code == 303
    assert there.get("/groups/").status_code == 200
    assert here.post("/account/sessions/end/", {"session": pk}).status_code == 303
    assert there.get("/groups/").status_code == 302


@pytest.mark.parametrize("one", ["", "x", "-1", "9" * 19])
def test_a_place_that_there_is_not_ends_no_other(client: Client, one: str) -> None:
    here, there = sign_in()[0], sign_in()[0]
    answer = here.post("/account/sessions/end/", {"session": one})

    assert answer.status_code == 400
    assert "There is no such session." in text_of(answer)
    assert there.get("/groups/").status_code == 200
    assert said(Action.SESSIONS_ENDED) == []


def test_signing_out_everywhere_else(client: Client) -> None:
    browsers = [sign_in()[0] for _ in range(3)]
    answer = browsers[0].post("/account/sessions/end/", follow=True)

    assert "2 sessions are ended" in text_of(answer)
    assert [one.get("/groups/").status_code for one in browsers] == [200, 302, 302]
    assert said(Action.SESSIONS_ENDED) == ["Olga ended their other sessions."]


def test_the_page_takes_a_fixed_number_of_queries(
    client: Client, django_assert_num_queries
) -> None:
    here, _ = sign_in()
    sign_in()
    here.get("/account/")
    with django_assert_num_queries(5):
        here.get("/account/")
    cache.clear()


def test_a_command_helps_whoever_has_lost_everything(client: Client) -> None:
    set_up_app(client)
    out = StringIO()
    call_command("resetfactors", "olga", stdout=out)

    assert out.getvalue() == "olga signs in by password alone now.\n"
    assert said(Action.FACTOR_REMOVED) == [
        "The system removed an authenticator app of the user olga.",
        "The system removed recovery codes of the user olga.",
    ]
    assert sign_in()[1] == "/groups/"
    with pytest.raises(CommandError, match="Nobody is called otto"):
        call_command("resetfactors", "otto")
