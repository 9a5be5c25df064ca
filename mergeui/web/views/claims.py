"""Who has a group open: taking it over, saying that one still has it, and letting go of it."""

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django_htmx.http import push_url

from mergeui.accounts.models import Role
from mergeui.errors import Stale
from mergeui.review import claims
from mergeui.review.decisions import already
from mergeui.review.models import Group
from mergeui.web.access import MemberRequest, action
from mergeui.web.htmx import done, wants_fragment
from mergeui.web.views.compare import group_of, refused, show


@action(Role.OPERATOR, back="group")
def claim(request: MemberRequest, pk: int) -> HttpResponse:
    """Takes a group over from somebody who has it open; what was chosen and typed stays."""
    group = group_of(request, pk, members=True)
    if not claims.claim(group, by=request.user, take_over=True):
        return refused(request, pk, Stale(already(group, by_user=request.actor)))
    page = reverse("group", kwargs={"pk": pk})
    if "fingerprint" not in request.POST:
        return done(request, page, _("The group is yours to decide now."))
    response = show(request, group, typed_fields=request.POST)
    return push_url(response, page) if wants_fragment(request) else response


@action(Role.OPERATOR, back="group", by_itself=True)
def hold(request: MemberRequest, pk: int) -> HttpResponse:
    """The open page says so again and again; it is told when somebody else has the group now."""
    group = get_object_or_404(Group.objects.of(request.member.organization), pk=pk)
    if claims.renew(group, by=request.user):
        return render(request, "compare/hold.html", {"group": group, "held": group.claimed_until})
    who = claims.holder(group, besides=request.user)
    words = (
        _("%(who)s has taken this group over.") % {"who": who}
        if who
        else already(group, by_user=request.actor)
    )
    return render(request, "compare/hold.html", {"group": group, "words": words, "who": who})


@action(Role.OPERATOR, back="group", by_itself=True)
def release(request: MemberRequest, pk: int) -> HttpResponse:
    """The page was left."""
    group = get_object_or_404(Group.objects.of(request.member.organization), pk=pk)
    if until := _moment(request.POST.get("until", "")):
        claims.release(group, by=request.user, until=until)
    return HttpResponse(status=204)


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None
