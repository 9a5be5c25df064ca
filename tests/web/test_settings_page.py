"""A person's settings: what they change on the pages, for this person alone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from mergeui.accounts.models import Membership, Role, User
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record_alone
from mergeui.audit.models import Entry
from mergeui.review.models import SyncRun
from tests.contacts import contact, email
from tests.desk import Desk, member
from tests.web.cast import HTMX, client_of, text_of

pytestmark = pytest.mark.django_db

USUAL = {
    "language": "",
    "time_zone": "UTC",
    "density": "comfortable",
    "opens": "",
    "keys_on": "on",
}
PASSWORD = "a long enough password"


@pytest.fixture
def olga() -> Membership:
    return member(Role.VIEWER, name="olga")


@pytest.fixture
def client(olga: Membership) -> Client:
    return client_of(olga)


def change(client: Client, **chosen: str | None):
    fields = {name: value for name, value in (USUAL | chosen).items() if value is not None}
    return client.post("/settings/change/", fields)


def test_what_is_chosen_is_kept_for_this_person_alone(client: Client, olga: Membership) -> None:
    other = member(Role.ADMIN)
    answer = change(client, time_zone="Europe/Madrid", density="compact", keys_on=None)

    assert (answer.status_code, answer.url) == (303, "/settings/")
    page = text_of(client.get("/settings/"))
    assert "Your settings are kept." in page
    assert '<body data-keys="off" data-density="compact">' in page
    assert '<option value="Europe/Madrid" selected>' in page
    olga.user.refresh_from_db()
    assert (olga.user.keys_on, olga.user.time_zone) == (False, "Europe/Madrid")
    assert '<body data-keys="on" data-density="comfortable">' in text_of(
        client_of(other).get("/settings/")
    )


def test_htmx_is_led_to_the_page(client: Client) -> None:
    answer = client.post("/settings/change/", USUAL, headers=HTMX)

    assert answer["HX-Redirect"] == "/settings/"


def test_the_address_is_asked_for_only_where_mail_is_sent(
    client: Client, olga: Membership, settings
) -> None:
    assert "E-mail" not in text_of(client.get("/settings/"))
    settings.NOTIFY_BY_EMAIL = True
    assert "Leave it empty to get no mail." in text_of(client.get("/settings/"))

    assert change(client, email="olga").status_code == 400
    assert change(client, email="olga@example.com").status_code == 303
    olga.user.refresh_from_db()
    assert olga.user.email == "olga@example.com"


@pytest.mark.parametrize(
    "chosen",
    [
        {"time_zone": "Mars/Olympus"}, {"time_zone": "../../etc/passwd"}, {"time_zone": None},
        {"language": "tlh"}, {"density": "x"}, {"opens": "https://evil.example"},
    ],
)  # fmt: skip
def test_what_is_no_choice_is_refused_and_the_rest_stays_typed(
    client: Client, olga: Membership, chosen: dict[str, str | None]
) -> None:
    answer = change(client, **{"density": "compact", **chosen})

    assert answer.status_code == 400
    assert 'class="errors"' in text_of(answer)
    assert '<option value="compact" selected>' in text_of(answer) or "density" in chosen
    olga.user.refresh_from_db()
    assert olga.user.density == "comfortable"


def test_only_somebody_signed_in_has_settings() -> None:
    assert Client().get("/settings/").url.startswith("/login/")
    assert Client().post("/settings/change/", USUAL).url == "/login/?next=/settings/"


def test_the_form_is_sent_not_opened(client: Client) -> None:
    assert client.get("/settings/change/").status_code == 405


def test_the_desk_opens_with_the_view_that_somebody_likes(client: Client) -> None:
    assert client.get("/").url == "/groups/"
    change(client, opens="sort=largest")

    assert client.get("/").url == "/groups/?sort=largest"
    client.logout()
    assert client.get("/").url == "/groups/"
    signed = client.post("/login/", {"username": "olga", "password": PASSWORD})
    assert signed.url == "/groups/?sort=largest"


def test_a_view_that_is_no_longer_offered_stays_chosen(client: Client) -> None:
    User.objects.update(opens="risk=large")

    assert '<option value="risk=large" selected>' in text_of(client.get("/settings/"))
    assert change(client, opens="risk=large").status_code == 303


def test_the_first_sign_in_brings_the_time_zone_of_the_browser(olga: Membership) -> None:
    def sign_in(zone: str) -> str:
        fields = {"username": "olga", "password": PASSWORD, "zone": zone}
        assert Client().post("/login/", fields).status_code == 303
        return User.objects.get(username="olga").time_zone

    assert sign_in("Nowhere/At-all") == ""
    # An old name, which browsers still give.
    assert sign_in("Asia/Calcutta") == "Asia/Calcutta"
    assert sign_in("Europe/Madrid") == "Asia/Calcutta"
    page = text_of(client_of(olga).get("/settings/"))
    assert '<option value="Asia/Calcutta" selected>' in page


def test_a_zone_that_this_machine_does_not_know_is_utc(client: Client) -> None:
    User.objects.update(time_zone="Atlantis/Capital")

    assert '<option value="UTC" selected>' in text_of(client.get("/settings/"))


def test_times_are_in_the_readers_zone(client: Client) -> None:
    desk = Desk(contact("Ana", email("a@example.com")), contact("Ana", email("a@example.com")))
    desk.sync()
    SyncRun.objects.update(finished_at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC))

    assert "1 Jul 2026, 23:30 UTC" in text_of(client.get("/groups/"))
    change(client, time_zone="Asia/Kolkata")
    assert "2 Jul 2026, 05:00 UTC+5:30" in text_of(client.get("/groups/"))


@pytest.mark.parametrize(
    ("chosen", "asked", "told"),
    [
        ("", "", "en"), ("", "es-MX,es;q=0.9", "es"), ("", "fr", "en"), ("en", "es", "en"),
        ("es", "en", "es"), ("xx", "en", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_chosen_one_or_the_browsers(
    client: Client, chosen: str, asked: str, told: str
) -> None:
    User.objects.update(language=chosen)
    answer = client.get("/settings/", headers={"Accept-Language": asked})

    assert f'<html lang="{told}">' in text_of(answer)
    assert answer["Content-Language"] == told
    assert "Accept-Language" in answer["Vary"]
    assert ("<h1>Ajustes</h1>" in text_of(answer)) == (told == "es")


def test_the_page_after_a_change_of_language_speaks_the_new_one(client: Client) -> None:
    change(client, language="es")

    assert "Tus ajustes se han guardado." in text_of(client.get("/settings/"))


def test_settings_come_with_the_member(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):  # session, member, views
        client.get("/settings/")


def test_a_day_of_the_history_is_a_day_where_the_reader_is(
    client: Client, olga: Membership
) -> None:
    record_alone(Action.SIGNED_IN, by_user=Actor.member(olga))
    at = Entry.objects.get().at
    there = at.astimezone(ZoneInfo("Pacific/Kiritimati"))  # UTC+14
    User.objects.update(time_zone="Pacific/Kiritimati")

    def found(day: date) -> int:
        return len(client.get(f"/history/?day={day.isoformat()}").context["days"])

    assert found(there.date()) == 1
    assert found(there.date() - timedelta(days=1)) == found(there.date() + timedelta(days=1)) == 0
    page = text_of(client.get("/history/"))
    assert f"{there:%H:%M}</span>" in page
    assert "Times are in the zone Pacific/Kiritimati." in page


def test_a_snooze_ends_when_the_day_begins_where_the_person_is() -> None:
    desk = Desk(*(contact("Ana", email("a@example.com")) for _ in "12"))
    desk.sync()
    operator = member(Role.OPERATOR)
    User.objects.update(time_zone="America/Lima")  # UTC-5, all year round
    day = datetime.now(ZoneInfo("America/Lima")).date() + timedelta(days=3)
    client_of(operator).post(f"/groups/{desk.group().pk}/snooze/", {"until": day.isoformat()})

    until = desk.group().snoozed_until
    assert until == datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
