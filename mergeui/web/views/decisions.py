"""What a person decides about a group without a merge, and going on to the next one."""

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.errors import Invalid, Problem
from mergeui.review import decisions
from mergeui.review.models import Group
from mergeui.web import queue as listed
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.forms import NoteForm, QueueForm, SnoozeForm
from mergeui.web.htmx import done
from mergeui.web.views.compare import group_of, refused
from mergeui.web.views.queue import COOKIE


@action(Role.OPERATOR, back="group")
def dismiss(request: MemberRequest, pk: int) -> HttpResponse:
    """Marks the group as not a duplicate and goes on."""
    group, form = group_of(request, pk), NoteForm(request.POST)
    try:
        _refuse_errors(form)
        decisions.dismiss(group, by_user=request.actor, note=form.cleaned_data["note"])
    except Problem as problem:
        return refused(request, pk, problem)
    return done(request, next_url(request, group), _said(group, _("Marked as not a duplicate")))


@action(Role.OPERATOR, back="group")
def snooze(request: MemberRequest, pk: int) -> HttpResponse:
    """Puts the group aside until a day and goes on."""
    group, form = group_of(request, pk), SnoozeForm(request.POST)
    try:
        _refuse_errors(form)
        until, note = form.moment(), form.cleaned_data["note"]
        decisions.snooze(group, until=until, by_user=request.actor, note=note)
    except Problem as problem:
        return refused(request, pk, problem, {"until": problem.sentence})
    return done(request, next_url(request, group), _said(group, _("Snoozed")))


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
        query = request.COOKIES.get(COOKIE, "")[:2_000]
        to = f"{reverse('queue')}?{query}" if query else reverse("queue")
        return done(request, to, _said(group, _("Back in the queue")))
    return done(request, to, _("The group is back in the queue."))


@action(Role.OPERATOR, back="group")
def claim(request: MemberRequest, pk: int) -> HttpResponse:
    """Takes a group over from somebody who has it open."""
    group = group_of(request, pk)
    decisions.claim(group, by=request.user, take_over=True)
    words = _("The group is yours to decide now.")
    return done(request, reverse("group", kwargs={"pk": pk}), words)


@page()
def following(request: MemberRequest, pk: int) -> HttpResponse:
    """On to the next group of the list as it was last looked at."""
    return HttpResponseRedirect(next_url(request, group_of(request, pk)))


def next_url(request: MemberRequest, group: Group) -> str:
    """The group after this one in the list that the person came from; the list at its end."""
    query = request.COOKIES.get(COOKIE, "")[:2_000]
    form = QueueForm(QueryDict(query))
    wanted = form.wanted()
    order = listed.ORDERS[wanted.sort]
    beyond = order.beyond(getattr(group, order.column), group.pk, backwards=False)
    found = listed.find(request.member.organization, wanted).filter(beyond)
    for pk in found.order_by(*order.by()).values_list("pk", flat=True)[:1]:
        return reverse("group", kwargs={"pk": pk})
    return f"{reverse('queue')}?{query}" if query else reverse("queue")


def _refuse_errors(form: NoteForm) -> None:
    for errors in form.errors.values():
        raise Invalid(str(errors[0]))


def _said(group: Group, what: str) -> SafeString:
    url = reverse("group", kwargs={"pk": group.pk})
    names = ", ".join(group.names[:2])
    again = _("Look again")
    return format_html('{}: <bdi>{}</bdi>. <a href="{}">{}</a>', what, names, url, again)
