"""Proving once more who one is, for what takes it (access.py, Proof)."""

import json
from typing import Any

from allauth.account.forms import ReauthenticateForm
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.mfa.base.forms import ReauthenticateForm as CodeForm
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters

from mergeui.accounts.models import Role
from mergeui.web import account as shown
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.htmx import done
from mergeui.web.signin import noted

LOCKED = "too_many_login_attempts"


@page(of_account=True)
def again(request: MemberRequest) -> HttpResponse:
    """Asks for the strongest that they have: a second factor, or the password."""
    return _show(request, None, request.GET.get("next", ""))


@sensitive_post_parameters("password", "code")
@action(Role.VIEWER, back="account_reauthenticate", of_account=True)
def prove(request: MemberRequest) -> HttpResponse:
    """It is them: on to where they wanted to go."""
    form = _sent(request)
    wanted = request.POST.get("next", "")
    if not form.is_valid():
        locked = any(form.has_error(field, LOCKED) for field in form.errors)
        if locked:
            noted.locked(request, f"factor:{request.user.pk}", user=request.user)
        else:
            reason = "wrong" if isinstance(form, ReauthenticateForm) else "code"
            noted.refused(request, reason, user=request.user)
        return _show(request, form, wanted, status=429 if locked else 400)
    if isinstance(form, ReauthenticateForm):
        reauthenticate_by_password(request)
    else:
        form.save()
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return done(request, wanted if safe else reverse("account"), "")


def _sent(request: MemberRequest) -> Any:
    """The form of what was sent. Somebody with a second factor proves it by that alone."""
    if not getattr(request.member, "has_factor", False):
        return ReauthenticateForm(user=request.user, data=request.POST)
    if "credential" not in request.POST:
        return CodeForm(user=request.user, data=request.POST)
    # Packages that take a tenth of the start of a web server.
    from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm

    return ReauthenticateWebAuthnForm(user=request.user, data=request.POST)


def _show(
    request: MemberRequest, form: Form | None, wanted: str, *, status: int = 200
) -> HttpResponse:
    factors = shown.factors_of(request.user)
    context = {
        "next": wanted,
        "errors": [error for errors in form.errors.values() for error in errors] if form else [],
        "by_code": bool(factors.some and (factors.app or factors.codes_left)),
        "by_password": not factors.some and request.user.has_usable_password(),
        "options": _options(request) if factors.passkeys else "",
    }
    return render(request, "account/again.html", context, status=status)


def _options(request: MemberRequest) -> str:
    """What the browser asks the key for."""
    from allauth.mfa.webauthn.internal.auth import begin_authentication

    return json.dumps(begin_authentication(request.user))
