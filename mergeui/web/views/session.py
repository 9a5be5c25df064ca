"""Signing in and out: django-allauth's own views, with the desk's words, statuses and history."""

from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.internal.stagekit import clear_login
from allauth.account.views import LoginView
from django.conf import settings
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


# Django's own views take PUT for POST.
_methods = require_http_methods(["GET", "HEAD", "POST"])
sign_in = _methods(SignIn.as_view())


@_methods
def second_factor(request: HttpRequest) -> HttpResponse:
    """The second step: a code, or a passkey."""
    return _second("SecondFactor", request)


@_methods
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """A passkey alone."""
    return _second("PasskeySignIn", request)


def _second(name: str, request: HttpRequest) -> HttpResponse:
    """Its packages take a tenth of the start of a web server: they wait until they are used."""
    from mergeui.web.views import second

    answer: HttpResponse = getattr(second, name).as_view()(request)
    return answer


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
