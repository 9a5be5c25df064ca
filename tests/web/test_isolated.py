"""Sentences of ours keep their direction, whatever names are in them."""

import pytest
from django.utils.html import format_html

from mergeui.web.templatetags.desk import isolated
from tests.contacts import contact, whatsapp
from tests.desk import Desk
from tests.web.cast import somebody, text_of


def test_a_name_from_right_to_left_is_a_piece_of_its_own() -> None:
    assert isolated("خالد منصور is blocked; Ana is not.") == (
        "<bdi>خالد منصور</bdi> is blocked; Ana is not."
    )


def test_two_names_keep_their_order_and_numbers_their_place() -> None:
    assert isolated("יעל כהן, דוד and 3 more") == "<bdi>יעל כהן</bdi>, <bdi>דוד</bdi> and 3 more"


@pytest.mark.parametrize("plain", ["Ana García and 张敏", "both have +1 555 0101", ""])
def test_other_names_are_left_alone(plain: str) -> None:
    assert isolated(plain) == plain


def test_markup_in_a_name_stays_words() -> None:
    assert isolated("<b>יעל</b>") == "&lt;b&gt;<bdi>יעל</bdi>&lt;/b&gt;"


def test_a_sentence_with_a_link_of_ours_keeps_it() -> None:
    said = format_html('{}: <a href="{}">{}</a>', "יעל", "/groups/1/", "Look again")
    assert isolated(said) == '<bdi>יעל</bdi>: <a href="/groups/1/">Look again</a>'


@pytest.mark.django_db
def test_the_caution_of_a_group_reads_from_left_to_right() -> None:
    desk = Desk(
        contact("خالد منصور", whatsapp("+15550101"), blocked=True),
        contact("Khaled Mansour", whatsapp("+15550101")),
    )
    desk.sync()
    page = text_of(somebody().get(f"/groups/{desk.group().pk}/"))
    assert "<li><bdi>خالد منصور</bdi> is blocked; Khaled Mansour is not." in page
