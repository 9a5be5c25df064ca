"""Erasing a person: what there is, and the form that does it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.accounts.models import Role
from mergeui.errors import Invalid, Problem
from mergeui.merging.erasure import (
    MOST,
    Extent,
    erase_person,
    extent,
    names_of,
    same_person,
    unfinished,
    why_not,
)
from mergeui.review.text import visible
from mergeui.web import typed
from mergeui.web.access import MemberRequest, Proof, action, page
from mergeui.web.htmx import done
from mergeui.web.middleware import record_refusal


@page(Role.ADMIN)
def erase(request: MemberRequest) -> HttpResponse:
    """What is kept of a contact, and what was merged with it."""
    kept = typed.restore(request, request.path)
    if kept is None:
        return _show(request, request.GET.get("contact", "").strip(), note="")
    chosen = kept.getlist("contacts")[: MOST + 1]
    return _show(request, kept.get("contact", ""), note=kept.get("note", ""), chosen=chosen)


@action(Role.ADMIN, back="erase", proof=Proof.LATELY)
def confirm(request: MemberRequest) -> HttpResponse:
    """Erases, once the id of the contact was typed as well."""
    contact_id = request.POST.get("contact", "").strip()
    wanted = request.POST.getlist("contacts")[: MOST + 1]
    note = request.POST.get("note", "")
    try:
        if not contact_id or request.POST.get("confirm", "").strip() != contact_id:
            raise Invalid(
                _("What you typed is not the id of this contact, so nothing was erased. Type it.")
            )
        entry = erase_person(wanted, by_user=request.actor, note=note[:2_000])
    except Problem as problem:
        record_refusal(request, problem)
        return _show(request, contact_id, note=note, problem=problem, chosen=wanted)
    words = _("Erased. The history keeps ids and times, and that you did it.")
    return done(request, reverse("history_entry", args=[entry.number]), words)


def _show(
    request: MemberRequest,
    contact_id: str,
    *,
    note: str,
    problem: Problem | None = None,
    chosen: list[str] | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {"contact_id": contact_id, "note": note, "problem": problem}
    if contact_id:
        organization = request.member.organization
        known = same_person(organization, contact_id)
        # Who was merged with it by mistake never asked: others go only when somebody ticks them.
        wanted = [one for one in known if one == contact_id or one in (chosen or ())]
        found, held = extent(organization, wanted), unfinished(organization, wanted)
        names = names_of(organization, known)
        why = why_not(held) if held else ""
        context |= {
            "found": None if found.nothing else _words(found),
            "contacts": [(one, visible(one), names.get(one, ""), one in wanted) for one in known],
            "held": held,
            "why_not": "" if problem and problem.sentence == why else why,
        }
    return render(request, "erase/page.html", context, status=problem.status if problem else 200)


def _words(found: Extent) -> list[str]:
    """What an erasure would reach, a line for each kind of which there is some."""
    told = (
        (
            found.entries,
            ngettext(
                "{count} entry of the history loses names, addresses, notes and calls; it stays.",
                "{count} entries of the history lose names, addresses, notes and calls; they stay.",
                found.entries,
            ),
        ),
        (
            found.requests,
            ngettext(
                "{count} merge request keeps its ids, states and times alone.",
                "{count} merge requests keep their ids, states and times alone.",
                found.requests,
            ),
        ),
        (
            found.groups,
            ngettext(
                "{count} group forgets what was read of these contacts.",
                "{count} groups forget what was read of these contacts.",
                found.groups,
            ),
        ),
    )
    return [words.format(count=count) for count, words in told if count]
