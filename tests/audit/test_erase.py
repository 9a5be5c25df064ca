"""Erasing a person's data: gone for good, visibly, and the chain still holds."""

import pytest
from django.db import connection

from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.describe import describe
from mergeui.audit.erase import erase
from mergeui.audit.lookup import entries
from mergeui.audit.models import Entry, Erasure, Payload, Reference
from mergeui.audit.verify import verify
from tests.audit.history import a_contact, ana, our_team, write

pytestmark = pytest.mark.django_db


def merge_of(contact_id: str, name: str) -> Entry:
    return write(
        subject="request:1",
        facts={"primary": "ct_keep", "sources": [contact_id]},
        personal={"contacts": [a_contact(contact_id, name, phone="+1 415 555 0123")]},
    )


def test_the_data_go_the_history_stays() -> None:
    about_eve, about_bob = merge_of("ct_eve", "Eve Unique"), merge_of("ct_bob", "Bob Other")

    mark = erase(["ct_eve"], by_user=ana(), note="asked by mail")

    eve = Entry.objects.select_related("payload").get(number=about_eve.number)
    assert eve.is_erased
    assert eve.personal == {}
    assert "ct_eve" in describe(eve)
    assert "were erased" in describe(eve)
    assert mark.action == Action.PAYLOAD_ERASED
    assert mark.facts == {"contacts": ["ct_eve"], "numbers": [about_eve.number]}
    assert describe(mark).startswith("Ana López erased the personal data of ct_eve from 1 entry.")
    assert Erasure.objects.get().entry_id == about_eve.number
    assert set(Payload.objects.values_list("entry_id", flat=True)) == {about_bob.number, mark.pk}

    result = verify()
    assert result.holds
    assert result.redacted == 1


def test_no_byte_of_the_name_is_left_in_any_table() -> None:
    merge_of("ct_eve", "Zyxwvut")
    erase(["ct_eve"], by_user=ana())
    with connection.cursor() as cursor:
        for table in ("audit_entry", "audit_payload", "audit_reference", "audit_erasure"):
            cursor.execute(f"SELECT * FROM {table}")
            everything = repr(cursor.fetchall())
            assert "zyxwvut" not in everything.casefold()
            assert "5550123" not in everything


def test_it_is_still_found_by_id_but_no_longer_by_name_or_phone() -> None:
    number = merge_of("ct_eve", "Eve Unique").number
    assert entries(our_team(), phone="4155550123").exists()
    mark = erase(["ct_eve"], by_user=ana())
    found = entries(our_team(), contact="ct_eve").values_list("number", flat=True)
    assert list(found) == [mark.number, number]
    assert not entries(our_team(), name="unique").exists()
    assert not entries(our_team(), phone="4155550123").exists()


@pytest.mark.parametrize(
    "filters",
    [{"q": "José"}, {"name": "IVAN"}, {"q": "Иван Zyxwv"}, {"phone": "+1 (415) 555-0123"},
     {"q": "415.555.0123"}, {"q": "mail of jose@example.com"}],
)  # fmt: skip
def test_what_was_exported_by_their_name_or_number_is_erased_however_it_was_typed(
    filters: dict[str, str],
) -> None:
    contact = a_contact("ct_jose", "José Zyxwv Иван", phone="+1 415 555 0123")
    contact["channels"].append({"type": "email", "email": "jose@example.com", "user_id": "x"})
    write(facts={"primary": "ct_jose", "sources": []}, personal={"contacts": [contact]})
    theirs = write(action=Action.HISTORY_EXPORTED, personal={"filters": filters})
    other = write(action=Action.HISTORY_EXPORTED, personal={"filters": {"q": "Bob", "at": "2"}})

    erase(["ct_jose"], by_user=ana())

    left = set(Payload.objects.values_list("entry_id", flat=True))
    assert theirs.number not in left
    assert other.number in left
    assert verify().holds


def test_erasing_again_erases_what_came_since_and_the_note() -> None:
    merge_of("ct_eve", "Eve")
    first = erase(["ct_eve"], by_user=ana(), note="Eve wrote to us")
    later = merge_of("ct_eve", "Eve")
    second = erase(["ct_eve"], by_user=ana())
    assert second.facts["numbers"] == [first.number, later.number]
    assert not Payload.objects.exists()
    assert verify().redacted == 3
    assert verify().holds


def test_somebody_nobody_knows_leaves_a_mark_too() -> None:
    mark = erase(["ct_none"], by_user=ana())
    assert mark.facts["numbers"] == []
    assert verify().holds


def test_another_organisation_keeps_its_own() -> None:
    theirs = our_team("org_theirs")
    write(
        by_user=Actor.system(theirs), facts={"primary": "ct_eve"}, personal={"names": {"a": "Eve"}}
    )
    erase(["ct_eve"], by_user=ana())
    assert Payload.objects.count() == 1
    assert Reference.objects.filter(organization=theirs, kind="name").exists()


def test_an_erasure_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="contact ids"):
        erase([], by_user=ana())
    with pytest.raises(ValueError, match="organisation"):
        erase(["ct_1"], by_user=Actor.system(None))
