"""The second step of signing in, and passkeys. Loaded when they are used (session.py)."""

import json
from typing import Any

from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.webauthn.views import LoginWebAuthnView
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from mergeui.web.signin import noted
from mergeui.web.views.session import LOCKED, InTheirZone


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

    def form_valid(self, form: Form) -> HttpResponse:
        """In, unless their company signs them in: it is asked each time whether they may."""
        user = form.cleaned_data["credential"].user
        if settings.OIDC_ISSUER and SocialAccount.objects.filter(user=user).exists():
            noted.refused(self.request, "sso", user.username, user)
            return self._back(_("Sign in with your company: your passkey is asked for afterwards."))
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, form: Form) -> HttpResponse:
        """Back to the sign-in page, which says so."""
        noted.refused(self.request, "code")
        return self._back(_("That passkey is not known here. Sign in with your name."))

    def _back(self, why: str) -> HttpResponse:
        messages.error(self.request, why)
        response = redirect("account_login")
        response.status_code = 303
        return response
