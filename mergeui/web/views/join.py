"""The page behind a link of an invitation: whoever has it joins the team, once."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from mergeui.accounts.models import User
from mergeui.errors import Invalid, Stale
from mergeui.teams import members
from mergeui.web import problems
from mergeui.web.access import address_of


@sensitive_post_parameters("password", "password_again")
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Somebody signed in joins by one click; anybody else chooses a name and a password first."""
    if request.method not in {"GET", "HEAD", "POST"}:
        return problems.wrong_method(request, ["GET", "HEAD", "POST"])
    invitation = members.invited_by(token)
    if invitation is None:
        raise problems.NotHere(
            _(
                "This link is not known, was used, or is too old. Ask whoever sent it for another"
                " one."
            )
        )
    problem = ""
    if request.method == "POST":
        try:
            user = _person(request)
            members.accept(
                invitation,
                user,
                address=address_of(request),
                request_id=getattr(request, "request_id", ""),
            )
        except (Invalid, Stale) as refused:
            problem = refused.sentence
        else:
            words = _("You belong to {name} now.").format(name=invitation.organization.name)
            messages.success(request, words)
            to = resolve_url("home" if request.user.is_authenticated else settings.LOGIN_URL)
            response = HttpResponseRedirect(to)
            response.status_code = 303
            return response
    context = {
        "invitation": invitation,
        "role": invitation.get_role_display().lower(),
        "problem": problem,
        "username": request.POST.get("username", "")[:150],
        "login": f"{resolve_url(settings.LOGIN_URL)}?next={request.path}",
    }
    answer = render(request, "team/join.html", context, status=400 if problem else 200)
    # The link is a secret: no page that is opened from here learns of it. Without any referrer a
    # browser would not say either where a form comes from, and it would be refused.
    answer["Referrer-Policy"] = "strict-origin"
    return answer


def _person(request: HttpRequest) -> User:
    """Who joins: whoever is signed in, or somebody new. Raises Invalid."""
    if isinstance(request.user, User):
        return User.objects.get(pk=request.user.pk)
    password = request.POST.get("password", "")
    if password != request.POST.get("password_again", ""):
        raise Invalid(_("The two passwords differ. Type them once more."))
    return members.new_user(request.POST.get("username", ""), password)
