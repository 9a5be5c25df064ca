"""A person's settings as a form: what can be chosen, in words."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mergeui.accounts.models import Density, User
from mergeui.review.saved import SavedView
from mergeui.web.reader import UTC, known_zone, zones

# Where the desk begins: what stands behind /groups/?, and its words.
VIEWS = {
    "": gettext_lazy("Everything to decide, oldest first"),
    "sort=newest": gettext_lazy("Everything to decide, newest first"),
    "sort=largest": gettext_lazy("Everything to decide, largest first"),
    "risk=none": gettext_lazy("Without a risk mark"),
    "risk=any": gettext_lazy("With a risk mark"),
    "state=requested": gettext_lazy("Merge requested"),
    "state=snoozed": gettext_lazy("Snoozed"),
    "state=all": gettext_lazy("All groups"),
}


class PreferencesForm(forms.Form):
    """How the desk looks and behaves for one person."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"))
    density = forms.ChoiceField(label=gettext_lazy("Density of lists"), choices=Density.choices)
    opens = forms.ChoiceField(label=gettext_lazy("The desk opens with"), required=False)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        max_length=254,
        help_text=gettext_lazy(
            "Where the desk tells you what waits for you. Leave it empty to get no mail."
        ),
    )
    keys_on = forms.BooleanField(label=gettext_lazy("Keyboard shortcuts"), required=False)

    def __init__(self, data: Any, *, user: User, browser_language: str) -> None:
        chosen = {name: getattr(user, name) for name in self.base_fields}
        chosen["time_zone"] = known_zone(user.time_zone) or UTC
        super().__init__(data, initial=chosen)
        self.label_suffix = ""
        if not settings.NOTIFY_BY_EMAIL:
            del self.fields["email"]
        named = dict(settings.LANGUAGES)
        as_browser = _("As my browser asks: {language}").format(
            language=named.get(browser_language, "English")
        )
        self._choose("language", [("", as_browser), *settings.LANGUAGES])
        self._choose("time_zone", _zone_choices(chosen["time_zone"]))
        self._choose("opens", _view_choices(user))

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = choices

    def keep(self, user: User) -> None:
        """Keeps what was chosen for `user`, and changes nothing else of theirs."""
        for name, value in self.cleaned_data.items():
            setattr(user, name, value)
        user.save(update_fields=list(self.cleaned_data))


def _zone_choices(own: str) -> list[tuple[str, Any]]:
    """UTC, then the zones by their part of the world; an old name that somebody has, too."""
    areas: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted({*zones(), own} - {UTC}):
        area, _, place = zone.partition("/")
        areas.setdefault(area, []).append((zone, (place or area).replace("_", " ")))
    return [(UTC, UTC), *areas.items()]


def _view_choices(user: User) -> list[tuple[str, Any]]:
    """The views that come with the desk, and those that the person may use, if they fit."""
    member = getattr(user, "member", None)
    saved = SavedView.objects.seen_by(user, member.organization) if member else ()
    longest = User._meta.get_field("opens").max_length or 0
    named = {view.query: view.name for view in saved if len(view.query) <= longest}
    choices = {**named, **VIEWS, user.opens: {**named, **VIEWS}.get(user.opens, user.opens)}
    return list(choices.items())
