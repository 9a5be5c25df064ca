"""The forms of the desk: what a person may type, and what of it can't be used."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mergeui.audit import lookup
from mergeui.audit.actions import Action
from mergeui.review.grades import Grade
from mergeui.review.risk import LABELS, Risk
from mergeui.review.saved import LONGEST_NAME
from mergeui.review.text import CHANNEL_NAMES
from mergeui.web import searching
from mergeui.web.looking import Wanted
from mergeui.web.queue import STATES
from mergeui.web.searching import WAYS
from mergeui.web.widgets import Choices

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NOTE_LONGEST = 2_000
UNTIL_CHANGE = "change"

SIZE_WORDS = {
    "2": _("2 contacts"), "3-5": _("3 to 5"), "6-20": _("6 to 20"), "21+": _("21 or more"),
}  # fmt: skip
SORT_WORDS = {
    "oldest": _("Oldest first"), "newest": _("Newest first"), "largest": _("Largest first"),
    "smallest": _("Smallest first"), "name": _("By name"),
}  # fmt: skip
GRADE_WORDS = {"sure": _("Names agree, fully or in part"), **dict(Grade.choices)}
RISK_WORDS = {"none": _("No risk marks"), "any": _("Any risk mark")}


class LookForm(forms.Form):
    """A form in the query string: what can't be used is ignored, and said."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.label_suffix = ""

    def ignored(self) -> list[str]:
        """A sentence for each value that was not used."""
        self.is_valid()
        return [
            gettext("{field}: “{value}”").format(
                field=self.fields[name].label, value=str(self.data.get(name, ""))[:60]
            )
            for name in self.errors
            if name in self.fields
        ]

    def notes(self) -> list[str]:
        """What to say of them: nothing is left out in silence."""
        ignored = ", ".join(self.ignored())
        words = gettext("Not used, because the desk doesn't know it: {values}.")
        return [words.format(values=ignored)] if ignored else []

    def value_of(self, name: str) -> str:
        """The usable value of a field; empty when there is none."""
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")


class QueueForm(LookForm):
    """Search and filters of the queue."""

    q = forms.CharField(label=_("Search"), max_length=100, required=False)
    state = forms.ChoiceField(label=_("State"), choices=list(STATES.items()), required=False)
    channel = forms.ChoiceField(label=_("Shared channel"), required=False, widget=Choices)
    segment = forms.ChoiceField(label=_("Segment"), required=False, widget=Choices)
    risk = forms.ChoiceField(label=_("Risk"), required=False, widget=Choices)
    size = forms.ChoiceField(label=_("Size"), required=False, widget=Choices)
    grade = forms.ChoiceField(label=_("How sure"), required=False, widget=Choices)
    sort = forms.ChoiceField(
        label=_("Order"), choices=list(SORT_WORDS.items()), required=False, widget=Choices
    )

    def __init__(self, data: Any, *, segments: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(data)
        channels = {key: name for key, name in CHANNEL_NAMES.items() if key != "internal"}
        risks: dict[str, StrOrPromise] = {
            **RISK_WORDS,
            **{risk.value: LABELS[risk] for risk in Risk},
        }
        self._choose("channel", _("Any channel"), {**self._as_given("channel"), **channels})
        self._choose("segment", _("Any segment"), {**self._as_given("segment"), **dict(segments)})
        self._choose("risk", _("Any or none"), risks)
        self._choose("size", _("Any size"), SIZE_WORDS)
        self._choose("grade", _("Any"), GRADE_WORDS)

    def _choose(
        self, name: str, nothing: "StrOrPromise", choices: Mapping[str, "StrOrPromise"]
    ) -> None:
        field = cast(forms.ChoiceField, self.fields[name])
        field.choices = [("", nothing), *choices.items()]

    def _as_given(self, name: str) -> dict[str, str]:
        """What is asked for already, known or not: the vendor's list grows, a bookmark stays."""
        given = str(self.data.get(name, ""))[:200]
        return {given: given} if given and given.isprintable() else {}

    def wanted(self) -> Wanted:
        """What is asked for, without what can't be used."""
        return Wanted(
            q=self.value_of("q"),
            state=self.value_of("state") or "open",
            channel=self.value_of("channel"),
            segment=self.value_of("segment"),
            risk=self.value_of("risk"),
            size=self.value_of("size"),
            grade=self.value_of("grade"),
            sort=self.value_of("sort") or "oldest",
        )


class SearchForm(LookForm):
    """A search of Invent's contacts."""

    q = forms.CharField(label=_("Search"), max_length=200, required=False)
    by = forms.ChoiceField(label=_("Search by"), choices=list(WAYS.items()), required=False)
    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)

    def wanted(self) -> searching.Wanted:
        """What is looked for; an unusable page is the first."""
        number = int(self.value_of("page") or 1)
        return searching.Wanted(self.value_of("q"), self.value_of("by"), number)


class ViewForm(forms.Form):
    """A saved view's name, and whether the team sees it."""

    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        error_messages={"required": _("Give the view a name.")},
    )
    shared = forms.BooleanField(label=_("Share with the team"), required=False)


class NoteForm(forms.Form):
    """A decision's note: why, in the person's own words."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=NOTE_LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class DayInput(forms.DateInput):
    """A day, typed or by one of the buttons before it: the first that is given counts."""

    input_type = "date"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The first value that is not empty."""
        values = data.getlist(name) if hasattr(data, "getlist") else [data.get(name, "")]
        return next((value for value in values if value), "")


class UntilField(forms.DateField):
    """A day, or the word for no day at all: until something changes."""

    def to_python(self, value: Any) -> Any:
        """The day; the word as it is."""
        return UNTIL_CHANGE if value == UNTIL_CHANGE else super().to_python(value)


class SnoozeForm(NoteForm):
    """Until when a group is put aside."""

    until = UntilField(
        label=_("Until"),
        widget=DayInput(format="%Y-%m-%d"),
        error_messages={
            "required": _("Choose the day on which the group comes back."),
            "invalid": _("Type the day as year-month-day, such as 2027-01-31."),
        },
    )

    def moment(self) -> datetime | None:
        """None until something changes; else the start of the chosen day, where the person is."""
        chosen = self.cleaned_data["until"]
        if chosen == UNTIL_CHANGE:
            return None
        return datetime.combine(chosen, time(), timezone.get_current_timezone())


class HistoryForm(LookForm):
    """What the history is asked for. `q` is anything; the others say what it is."""

    q = forms.CharField(label=_("Search"), max_length=200, required=False)
    contact = forms.CharField(label=_("Contact id"), max_length=200, required=False)
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    email = forms.CharField(label=_("E-mail"), max_length=200, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=60, required=False)
    operator = forms.ChoiceField(label=_("Who"), required=False, widget=Choices)
    action = forms.ChoiceField(label=_("What"), required=False, widget=Choices)
    day = forms.DateField(
        label=_("Day"),
        required=False,
        # What a calendar of any time zone can go beyond by a day.
        validators=[MinValueValidator(date(1970, 1, 1)), MaxValueValidator(date(9000, 1, 1))],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Any, *, people: Iterable[tuple[int, str]]) -> None:
        super().__init__(data)
        who = cast(forms.ChoiceField, self.fields["operator"])
        who.choices = [("", _("Anybody")), *((str(pk), name) for pk, name in people)]
        what = cast(forms.ChoiceField, self.fields["action"])
        what.choices = [("", _("Anything")), *Action.choices]

    def asked(self) -> dict[str, Any]:
        """The arguments of `audit.lookup.entries`, but for `q`."""
        self.is_valid()
        plain = {name: self.value_of(name) for name in ("contact", "name", "email", "phone")}
        operator, day = self.value_of("operator"), self.cleaned_data.get("day")
        # Here, in the time zone of who asks: what is exported is read when that is over.
        since, until = lookup.whole(day) if day else (None, None)
        return {
            **plain,
            "operator": int(operator) if operator else None,
            "action": self.value_of("action"),
            "since": since,
            "until": until,
        }
