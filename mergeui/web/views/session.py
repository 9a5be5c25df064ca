"""Signing in and out: django-allauth's own views, with the desk's words, statuses and history."""

import json
from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.internal.stagekit import clear_login
from allauth.account.views import LoginView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mergeui.audit.actions import Action
from mergeui.audit.log import record_alone
from mergeui.web import problems, typed
from mergeui.web.signin import noted
from mergeui.web.signin.adapter import INACTIVE, ZONE

LOCKED = "too_many_login_attempts"


class SignInForm(LoginForm):  # type: ignore[misc]
    """User name and password under the names that others hold on to (interface.md, Pages)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["login"].widget.attrs["autofocus"] = True

    def add_prefix(self, field_name: str) -> str:
        """The library calls it login; here it is the user name."""
        return str(super().add_prefix("username" if field_name == "login" else field_name))

    def clean(self) -> Any:
        """Tells somebody who knows the password that the account is switched off."""
        cleaned = super().clean()
        if self.user and not self.user.is_active:
            raise ValidationError(INACTIVE, code="inactive")
        return cleaned


class InTheirZone:
    """A first step of signing in: brings the time zone of the browser, and leads on by a 303."""

    def form_valid(self, form: Form) -> HttpResponse:
        """In, or on to the second factor."""
        self.request.session[ZONE] = self.request.POST.get(ZONE, "")[:64]  # type: ignore[attr-defined]
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        response.status_code = 303
        return response


class SignIn(InTheirZone, LoginView):  # type: ignore[misc]
    """The sign-in page."""

    template_name = "login/page.html"
    form_class = SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whether something typed waits for the person behind the sign-in."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        next_page = context.get("redirect_field_value") or ""
        company = (settings.OIDC_NAME or _("your company")) if settings.OIDC_ISSUER else ""
        kept = typed.waiting(self.request)
        return context | {"kept": kept, "next": next_page, "company": company}

    def form_invalid(self, form: Form) -> HttpResponse:
        """The form again; the history has the name as it was typed, once when it is locked."""
        name = str(form.data.get("username", ""))[:150]
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 400
        if form.has_error("__all__", LOCKED):
            noted.locked(self.request, f"name:{name.casefold()}", name)
            response.status_code = 429
        else:
            off = form.has_error("__all__", "inactive")
            noted.refused(self.request, "inactive" if off else "wrong", name)
        return response


class SecondFactor(AuthenticateView):  # type: ignore[misc]
    """The second step of signing in: a code of the app, one for an emergency, or a passkey."""

    template_name = "login/second.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the browser asks a passkey, for somebody who has one."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        asked = context.pop("js_data")["request_options"]
        some = bool(asked["publicKey"].get("allowCredentials"))
        return context | {"options": json.dumps(asked) if some else ""}

    def form_valid(self, form: Form) -> HttpResponse:
        """In."""
        response: HttpResponse = super().form_valid(form)
        response.status_code = 303
        return response

    def form_invalid(self, form: Form) -> HttpResponse:
        """The form again."""
        user = self.stage.login.user
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 400
        if any(form.has_error(field, LOCKED) for field in form.errors):
            noted.locked(self.request, f"factor:{user.pk}", user=user)
            response.status_code = 429
        else:
            noted.refused(self.request, "code", user=user)
        return response


class PasskeySignIn(InTheirZone, LoginWebAuthnView):  # type: ignore[misc]
    """Signing in by a passkey alone: what the browser asks the key, and what the key said.

    It proves both that one has it and who one is, so there is no second step.
    """

    def form_invalid(self, form: Form) -> HttpResponse:
        """Back to the sign-in page, which says so."""
        noted.refused(self.request, "code")
        messages.error(self.request, _("That passkey is not known here. Sign in with your name."))
        response = redirect("account_login")
        response.status_code = 303
        return response


# Django's own views take PUT for POST.
_methods = require_http_methods(["GET", "HEAD", "POST"])
sign_in = _methods(SignIn.as_view())
second_factor = _methods(SecondFactor.as_view())
passkey_sign_in = _methods(PasskeySignIn.as_view())


def start_again(request: HttpRequest) -> HttpResponse:
    """From the second factor back to the sign-in, as somebody else."""
    if request.method != "POST":
        return problems.wrong_method(request, ["POST"])
    clear_login(request)
    response = redirect("account_login")
    response.status_code = 303
    return response


def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    if request.method != "POST":
        return problems.wrong_method(request, ["POST"])
    if request.user.is_authenticated:
        record_alone(Action.SIGNED_OUT, by_user=noted.actor_of(request, request.user))
    logout(request)
    response = redirect("account_login")
    response.status_code = 303
    return response
