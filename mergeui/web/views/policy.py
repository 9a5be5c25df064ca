"""What a team demands before a merge: seen by everybody, changed by admins."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mergeui.accounts.models import PolicyChange, Role
from mergeui.accounts.policy import FourEyes, Policy
from mergeui.errors import Invalid, NotAllowed, Problem
from mergeui.review.risk import LABELS, Risk
from mergeui.teams import policy as policies
from mergeui.web import typed
from mergeui.web.access import MemberRequest, Proof, action, page
from mergeui.web.htmx import done
from mergeui.web.middleware import record_refusal
from mergeui.web.team import frame
from mergeui.web.when import exact

ON, OFF = "on", "off"


class PolicyForm(forms.Form):
    """A policy; an empty field is what the installation has."""

    four_eyes = forms.ChoiceField(
        label=gettext_lazy("A second person approves"),
        required=False,
        choices=[("", gettext_lazy("As the installation has it")), *FourEyes.choices],
    )
    waived_risks = forms.MultipleChoiceField(
        label=gettext_lazy("Risk marks that need no second person"),
        required=False,
        choices=[(risk.value, LABELS[risk]) for risk in Risk],
        widget=forms.CheckboxSelectMultiple,
    )
    cool_off_seconds = forms.IntegerField(
        label=gettext_lazy("Seconds in which an approved merge can be cancelled"),
        required=False,
        min_value=0,
        max_value=policies.LONGEST_COOL_OFF,
    )
    single_operator = forms.ChoiceField(
        label=gettext_lazy("Single-operator mode"),
        required=False,
        choices=[
            ("", gettext_lazy("As the installation has it")),
            (OFF, gettext_lazy("Off")),
            (ON, gettext_lazy("On: nobody else looks at a merge")),
        ],
    )

    def columns(self) -> dict[str, Any]:
        """The columns of the organisation."""
        given = self.cleaned_data
        return {
            "four_eyes": given["four_eyes"],
            "cool_off_seconds": given["cool_off_seconds"],
            "waived_risks": sorted(given["waived_risks"]),
            "single_operator": {ON: True, OFF: False}.get(given["single_operator"]),
        }


@page()
def policy(request: MemberRequest) -> HttpResponse:
    """What holds now, and what waits."""
    kept = typed.restore(request, request.path)
    return _show(request, form=PolicyForm(kept) if kept else None)


@action(Role.ADMIN, back="policy", proof=Proof.SECOND_FACTOR)
def change(request: MemberRequest) -> HttpResponse:
    """More at once; less waits for a second admin."""
    organization = request.member.organization
    form = PolicyForm(request.POST)
    if not form.is_valid():
        return _show(request, problem=Invalid(_("One of these can't be used.")), form=form)
    waits = policies.change(organization, form.columns(), by_user=request.actor)
    words = _("The policy is kept.")
    if waits:
        words = _("What is stricter holds now. What is looser waits for a second admin.")
    return done(request, reverse("policy"), words)


@action(Role.ADMIN, back="policy", proof=Proof.SECOND_FACTOR)
def confirm(request: MemberRequest, pk: int) -> HttpResponse:
    """A second admin agrees."""
    waits = _get(request, pk)
    try:
        policies.confirm(waits, by_user=request.actor)
    except NotAllowed as problem:
        record_refusal(request, problem)
        return _show(request, problem=problem)
    return done(request, reverse("policy"), _("The new policy holds from now on."))


@action(Role.ADMIN, back="policy")
def withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """It stays as it is."""
    policies.withdraw(_get(request, pk), by_user=request.actor)
    return done(request, reverse("policy"), _("The policy stays as it is."))


def _get(request: MemberRequest, pk: int) -> PolicyChange:
    own = PolicyChange.objects.filter(organization=request.member.organization)
    return get_object_or_404(own.select_related("organization"), pk=pk)


def _show(
    request: MemberRequest, *, problem: Problem | None = None, form: PolicyForm | None = None
) -> HttpResponse:
    organization = request.member.organization
    waits = (
        organization.policy_changes.filter(state=PolicyChange.State.ASKED)
        .select_related("asked_by")
        .first()
    )
    own = bool(waits and waits.asked_by_id == request.user.pk)
    kept = policies.columns_of(organization)
    single = {True: ON, False: OFF, None: ""}[kept["single_operator"]]
    context = {
        **frame(request, "policy"),
        "lines": _lines(organization.policy),
        "waits": waits,
        "wanted": _lines(policies.as_if(organization, waits.wanted)) if waits else [],
        "since": exact(waits.asked_at) if waits else "",
        "own": own,
        "alone": own and not policies.other_admins(organization, request.user).exists(),
        "form": form or PolicyForm(initial={**kept, "single_operator": single}),
        "usual": settings.MERGE_COOL_OFF_SECONDS,
        "problem": problem.sentence if problem else "",
    }
    status = problem.status if problem else 200
    return render(request, "team/policy.html", context, status=status)


def _lines(policy: Policy) -> list[str]:
    """A policy in sentences."""
    if policy.single_operator:
        lines = [_("Single-operator mode: nobody else looks at a merge, and every record says so.")]
    else:
        lines = [
            {
                FourEyes.NEVER: _("No merge needs a second person."),
                FourEyes.RISKY: _("A risky merge needs a second person."),
                FourEyes.ALWAYS: _("Every merge needs a second person."),
            }[FourEyes(policy.four_eyes)]
        ]
    if policy.waived_risks:
        named = [str(LABELS[Risk(one)]) for one in sorted(policy.waived_risks) if one in LABELS]
        lines.append(_("These marks need none: {marks}.").format(marks=", ".join(named)))
    seconds = policy.cool_off_seconds
    words = ngettext(
        "An approved merge can be cancelled for {count} second.",
        "An approved merge can be cancelled for {count} seconds.",
        seconds,
    )
    lines.append(words.format(count=seconds))
    return lines
