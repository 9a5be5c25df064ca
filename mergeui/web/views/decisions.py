"""What a person decides about a group without a merge, and going on to the next one."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.errors import Invalid, Problem
from mergeui.review import decisions
from mergeui.review.models import Group
from mergeui.web import onward
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.forms import NoteForm, SnoozeForm
from mergeui.web.htmx import done
from mergeui.web.views.compare import go_on, go_to, group_of, refused


@action(Role.OPERATOR, back="group")
def dismiss(request: MemberRequest, pk: int) -> HttpResponse:
    """Marks the group as not a duplicate and goes on."""
    group, form = group_of(request, pk), NoteForm(request.POST)
    try:
        _refuse_errors(form)
        note, seen = form.cleaned_data["note"], request.POST.get("shown", "")
        decisions.dismiss(group, by_user=request.actor, note=note, seen=seen)
    except Problem as problem:
        return refused(request, pk, problem)
    return go_on(request, group)


@action(Role.OPERATOR, back="group")
def snooze(request: MemberRequest, pk: int) -> HttpResponse:
    """Puts the group aside until a day and goes on."""
    group, form = group_of(request, pk), SnoozeForm(request.POST)
    try:
        _refuse_errors(form)
        until, note = form.moment(), form.cleaned_data["note"]
        seen = request.POST.get("shown", "")
        decisions.snooze(group, until=until, by_user=request.actor, note=note, seen=seen)
    except Problem as problem:
        return refused(request, pk, problem, {"until": problem.sentence})
    return go_on(request, group)


@action(Role.OPERATOR, back="group")
def reopen(request: MemberRequest, pk: int) -> HttpResponse:
    """Puts a decided group back into the queue."""
    group = group_of(request, pk)
    try:
        decisions.reopen(group, by_user=request.actor)
    except Problem as problem:
        return refused(request, pk, problem)
    to = reverse("group", kwargs={"pk": pk})
    if request.POST.get("from") == "queue":
        # One of several in a list: it stays where it was.
        to = onward.address(request, None)
        return done(request, to, _said(group, _("Back in the queue")))
    return done(request, to, _("The group is back in the queue."))


@page()
def following(request: MemberRequest, pk: int) -> HttpResponse:
    """On to the next group of the list as it was last looked at."""
    return go_to(request, onward.following(request, group_of(request, pk)))


def _refuse_errors(form: NoteForm) -> None:
    for errors in form.errors.values():
        raise Invalid(str(errors[0]))


def _said(group: Group, what: str) -> SafeString:
    url = reverse("group", kwargs={"pk": group.pk})
    names = ", ".join(group.names[:2])
    again = _("Look again")
    return format_html('{}: <bdi>{}</bdi>. <a href="{}">{}</a>', what, names, url, again)
