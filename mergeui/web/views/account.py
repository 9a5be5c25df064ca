"""A person's own account: password, second factors, and where they are signed in."""

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.log import record
from mergeui.errors import Invalid
from mergeui.typed_key import typed_key
from mergeui.web import account as shown
from mergeui.web.access import MemberRequest, Proof, action, page
from mergeui.web.account import GO_ON
from mergeui.web.htmx import done


@page(of_account=True)
def account(request: MemberRequest) -> HttpResponse:
    """All of it; whoever was sent here for a second factor finds why."""
    factors = shown.factors_of(request.user)
    wanted = request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        request.session[GO_ON] = wanted
    context = {
        "factors": factors,
        "sent_here": bool(wanted) and not factors.some,
        "required": request.member.role in settings.MFA_REQUIRED_ROLES,
        "sessions": shown.sessions_of(request),
        "has_password": request.user.has_usable_password(),
    }
    return render(request, "account/page.html", context)


@page(proof=Proof.LATELY, of_account=True)
def password(request: MemberRequest) -> HttpResponse:
    """The form for a new password."""
    return _password(request, PasswordChangeForm(request.user))


def _password(
    request: MemberRequest, form: PasswordChangeForm, *, status: int = 200
) -> HttpResponse:
    return render(request, "account/password.html", {"form": form}, status=status)


@sensitive_post_parameters("old_password", "new_password1", "new_password2")
@action(Role.VIEWER, back="account_password", proof=Proof.LATELY, of_account=True)
def change_password(request: MemberRequest) -> HttpResponse:
    """A new password ends every other session: whoever knows the old one is out.

    The old one is a proof already, but one that could be guessed here without limit or trace.
    """
    form = PasswordChangeForm(request.user, request.POST)
    if not form.is_valid():
        return _password(request, form, status=400)
    with transaction.atomic():
        form.save()
        update_session_auth_hash(request, request.user)
        shown.end(request)
        UserSession.objects.create_from_request(request)
        record(Action.PASSWORD_CHANGED, by_user=request.actor)
    words = _("Your password is changed. You are signed out everywhere but here.")
    return done(request, reverse("account"), words)


@action(Role.VIEWER, back="account", of_account=True)
def end_sessions(request: MemberRequest) -> HttpResponse:
    """Signs out everywhere else, or in one place."""
    one = request.POST.get("session")
    key = None if one is None else typed_key(one)
    if one is not None and key is None:
        raise Invalid(_("There is no such session. Look at the list of them once more."))
    with transaction.atomic():
        ended = shown.end(request, key)
        record(Action.SESSIONS_ENDED, by_user=request.actor, facts={"count": ended})
    words = ngettext("{count} session is ended.", "{count} sessions are ended.", ended)
    return done(request, reverse("account"), words.format(count=ended))
