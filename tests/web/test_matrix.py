"""The matrix of roles and addresses is what the desk does, whole, and what the docs print."""

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.template import RequestContext

from mergeui.web.matrix import EVERYBODY, METHODS, TABLE, addresses, table
from tests.web.walker import NAMES, Town, is_sign_in, whole

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

ADDRESSES = {address.name: address for address in addresses()}


def mark(response: HttpResponse) -> str:
    """What an answer is in the words of the matrix."""
    if is_sign_in(response):
        return "in"
    if response.status_code in {403, 404}:
        return str(response.status_code)
    return "-" if response.status_code == 405 else "yes"


def test_every_address_has_its_line_and_every_line_its_address() -> None:
    assert sorted(table()) == sorted(ADDRESSES)


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_answers_each_as_the_matrix_says(town: Town, name: str) -> None:
    address, said = ADDRESSES[name], table()[name]
    # Half of all answers are 405, and saying that in a part of a page takes half the time.
    answers = {
        (who, method): town.ask(address, who, method, part=said[method][who] == "-")
        for method in METHODS
        for who in EVERYBODY
    }

    assert {m: {who: mark(answers[who, m]) for who in EVERYBODY} for m in METHODS} == said
    assert not [answer.status_code for answer in answers.values() if answer.status_code >= 500]
    for outside in ("anonymous", "stranger"):
        read = "".join(whole(answers[outside, method]) for method in METHODS)
        assert not [secret for secret in NAMES if secret in read]


def test_nothing_answers_any_other_method(town: Town) -> None:
    answers = {name: town.ask(one, "anonymous", "PUT") for name, one in ADDRESSES.items()}

    assert {name for name, answer in answers.items() if answer.status_code != 405} == set()


def test_no_page_calls_what_it_shows_as_the_frame_does(town: Town) -> None:
    """A view's `halt` or `waiting` would take the place of the frame's, without a word."""
    answers = {name: town.ask(address, "admin", "GET") for name, address in ADDRESSES.items()}
    shown = {name: next(iter(answer.context or ()), None) for name, answer in answers.items()}
    pages = {name: one.dicts for name, one in shown.items() if isinstance(one, RequestContext)}

    assert len(pages) > 40
    for name, (_, frame, *own) in pages.items():
        assert frame.keys().isdisjoint(word for one in own for word in one), name


@pytest.mark.parametrize(
    "line", ["home yes yes", "home" + " yes" * 11 + " 200", f"{TABLE.strip().splitlines()[-1]}\n"]
)
def test_a_line_that_is_not_whole_or_said_twice_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=line.split()[0]):
        table(f"{TABLE}{line}")


def test_the_docs_print_it() -> None:
    out = StringIO()
    call_command("roles", stdout=out)

    assert (settings.BASE_DIR / "docs" / "roles.md").read_text() == out.getvalue(), "make roles"
