"""Guessing passwords: limits by the name and by the address, and what the history keeps of it."""

import pytest
from django.core.cache import cache
from django.test import Client

from mergeui.accounts.models import Role, Shared
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from tests.desk import member
from tests.web.cast import client_of, text_of

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"


def guess(name: str = "olga", password: str = "wrong", address: str = "192.0.2.1") -> int:
    """The status of one try."""
    fields = {"username": name, "password": password}
    return Client().post("/login/", fields, REMOTE_ADDR=address).status_code


@pytest.fixture(autouse=True)
def _olga() -> None:
    member(Role.OPERATOR, name="olga")


def test_a_name_is_locked_after_five_wrong_tries_wherever_they_come_from() -> None:
    found = [guess(address=f"192.0.2.{n}") for n in range(7)]

    assert found == [400] * 5 + [429] * 2
    assert guess(password=PASSWORD, address="198.51.100.1") == 429
    assert guess("OLGA", address="198.51.100.2") == 429
    assert guess("petra", address="198.51.100.3") == 400


def test_the_history_has_every_try_and_the_lock_once() -> None:
    for _ in range(8):
        guess()

    assert Entry.objects.filter(action=Action.SIGN_IN_REFUSED).count() == 5
    locked = Entry.objects.get(action=Action.SIGN_IN_LOCKED)
    assert (locked.personal, locked.address) == ({"username": "olga"}, "192.0.2.1")


def test_an_address_is_locked_after_twenty_wrong_tries_whatever_the_names() -> None:
    found = [guess(f"name-{n}") for n in range(22)]

    assert found == [400] * 20 + [429] * 2
    assert guess("somebody", address="192.0.2.2") == 400


def test_many_tries_of_whatever_kind_get_a_page_of_their_own(settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login": "3/m/ip"}
    for _ in range(3):
        assert guess(password=PASSWORD) == 303
    answer = Client().post("/login/", {"username": "x", "password": "y"}, REMOTE_ADDR="192.0.2.1")

    assert answer.status_code == 429
    assert "Wait five minutes" in text_of(answer)


def test_signing_in_well_is_not_counted_as_a_guess() -> None:
    for _ in range(4):
        assert guess() == 400
        assert guess(password=PASSWORD) == 303
    assert guess() == 400
    assert guess() == 429


def test_behind_a_proxy_the_address_is_the_visitor(settings) -> None:
    settings.BEHIND_PROXY = True
    fields = {"username": "x", "password": "wrong"}

    def through_proxy(visitor: str) -> int:
        headers = {"X-Forwarded-For": f"10.9.9.9, {visitor}"}
        return Client().post("/login/", fields | {"username": visitor}, headers=headers).status_code

    assert [through_proxy("192.0.2.77") for _ in range(6)][-1] == 429
    assert through_proxy("192.0.2.78") == 400
    assert through_proxy("no address") == 400


def test_an_ordinary_page_asks_the_shared_table_nothing(django_assert_max_num_queries) -> None:
    client = client_of(member(Role.VIEWER))
    client.get("/settings/")
    with django_assert_max_num_queries(4) as asked:
        assert client.get("/settings/").status_code == 200
    assert not [one["sql"] for one in asked.captured_queries if "accounts_shared" in one["sql"]]


def test_the_table_is_that_of_the_cache() -> None:
    cache.set("tried", [1.5], timeout=60)

    assert cache.get("tried") == [1.5]
    assert "tried" in str(Shared.objects.get())
