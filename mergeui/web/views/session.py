"""Signing in and out."""

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from mergeui.accounts.models import Membership, Organization, User
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record_alone
from mergeui.web import problems, typed
from mergeui.web.access import address_of
from mergeui.web.reader import begins_at, keep_zone

NOBODY = "nobody"


class SignInForm(AuthenticationForm):
    """User name and password, with words for each refusal."""

    error_messages: dict[str, Any] = {  # noqa: RUF012
        "invalid_login": _(
            "User name and password don't belong together. Look for capital letters, and ask an"
            " admin of your team for a new password if you have lost yours."
        ),
        "inactive": _("This account is switched off. Ask an admin of your team to switch it on."),
    }

    def confirm_login_allowed(self, user: Any) -> None:
        """Tells somebody who knows the password that the account is switched off."""
        if not user.is_active:
            raise ValidationError(self.error_messages["inactive"], code="inactive")


@method_decorator([sensitive_post_parameters("password"), never_cache], name="dispatch")
class SignIn(LoginView):
    """The sign-in page: the one class among the views, because Django's own is right."""

    http_method_names = ("get", "head", "post")  # Django's own takes PUT for POST
    template_name = "login/page.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whether something typed waits for the person behind the sign-in."""
        return super().get_context_data(**kwargs) | {"kept": typed.waiting(self.request)}

    def get_default_redirect_url(self) -> str:
        """Where the desk begins for this person."""
        return begins_at(self.request)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Signs in and records it."""
        response = super().form_valid(form)
        user = form.get_user()
        keep_zone(user, self.request.POST.get("zone", ""))
        record_alone(Action.SIGNED_IN, by_user=_actor(self.request, user))
        response.status_code = 303
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Records the refusal, with the name as it was typed beside it."""
        name = str(form.data.get("username", ""))[:150].replace("\0", "")
        record_alone(
            Action.SIGN_IN_REFUSED,
            by_user=_actor(self.request, None),
            facts={"reason": "inactive" if form.has_error("__all__", "inactive") else "wrong"},
            personal={"username": name},
        )
        response = super().form_invalid(form)
        response.status_code = 400
        return response


def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    if request.method != "POST":
        return problems.wrong_method(request, ["POST"])
    if request.user.is_authenticated:
        record_alone(Action.SIGNED_OUT, by_user=_actor(request, request.user))
    logout(request)
    response = redirect("login")
    response.status_code = 303
    return response


def _actor(request: HttpRequest, user: Any) -> Actor:
    """Whoever signs in or out; nobody in person for a refused sign-in."""
    address, request_id = address_of(request), getattr(request, "request_id", "")
    if not isinstance(user, User):
        team = Organization.objects.configured()
        return Actor(team, None, NOBODY, address=address, request_id=request_id)
    member = Membership.objects.select_related("user", "organization").filter(user=user).first()
    if member is None:
        return Actor(None, user, NOBODY, address=address, request_id=request_id)
    return Actor.member(member, address=address, request_id=request_id)
