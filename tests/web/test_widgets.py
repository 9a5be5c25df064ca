"""The lists to choose from are those of Django, made quicker."""

import pytest
from django import forms
from django.utils.translation import gettext_lazy, override
from pytest_django.asserts import assertHTMLEqual

from mergeui.web.widgets import Choices

GIVEN = [("", "Any"), ("a&b", '"><script>'), (3, gettext_lazy("Settings"))]


@pytest.mark.parametrize("value", ["", None, "a&b", 3, "gone"])
def test_they_are_as_django_makes_them(value: object) -> None:
    attrs = {"id": "id_of", "aria-invalid": "true"}
    quick, usual = Choices(choices=GIVEN), forms.Select(choices=GIVEN)

    assertHTMLEqual(quick.render("of", value, attrs), usual.render("of", value, attrs))


def test_they_speak_the_readers_language() -> None:
    with override("es"):
        assert '<option value="3" selected>Ajustes</option>' in Choices(choices=GIVEN).render(
            "of", 3
        )
