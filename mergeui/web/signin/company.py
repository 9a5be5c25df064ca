"""Signing in with the company's own identity provider: who comes in, and in which roles."""

from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from mergeui.accounts.models import User, user_called
from mergeui.web.signin import noted
from mergeui.web.signin.roles import follow, roles_by


class CompanyAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Whoever has a role by their claims gets an account, and their roles by them each time.

    An account of the same name that was made here is not taken over: at many providers people may
    choose what they are called.
    """

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Lets somebody in whom the provider vouches for; nothing of the claims is stored."""
        claims = claims_of(sociallogin)
        sociallogin.account.extra_data = {}
        sociallogin.email_addresses = []
        if sociallogin.account.pk:
            sociallogin.account.save(update_fields=["extra_data"])
        name = str(claims.get("preferred_username") or sociallogin.account.uid)[:150]
        roles = roles_by(claims)
        if sociallogin.is_existing:
            # Before they are sent away: who has no role any more is switched off.
            follow(sociallogin.user, roles)
        if not any(roles.values()):
            refuse(request, name, _("Your company has not given you a role in this desk yet."))
        if sociallogin.is_existing:
            return
        user = User(username=User.normalize_username(name.replace("\0", "")))
        user.first_name = str(claims.get("given_name") or "")[:150].replace("\0", "")
        user.last_name = str(claims.get("family_name") or "")[:150].replace("\0", "")
        user.set_unusable_password()
        if user_called(user.username):
            refuse(request, name, _taken(name))
        try:
            with transaction.atomic():
                sociallogin.connect(request, user)
                follow(user, roles)
        except IntegrityError:  # two windows at once
            refuse(request, name, _taken(name))

    def on_authentication_error(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """The provider said no, or what came back was not what was sent for."""
        refuse(request, "", _("Your company's sign-in did not work out. Try once more."))


def claims_of(sociallogin: SocialLogin) -> dict[str, Any]:
    """What the provider says of somebody, of the token and of what it was asked for."""
    data = sociallogin.account.extra_data
    parts = [data.get("id_token"), data.get("userinfo")]
    return {key: value for part in parts if isinstance(part, dict) for key, value in part.items()}


def refuse(request: HttpRequest, name: str, sentence: str) -> NoReturn:
    """Back to the sign-in page, which says why."""
    noted.refused(request, "sso", name)
    messages.error(request, sentence)
    response = redirect("account_login")
    response.status_code = 303
    raise ImmediateHttpResponse(response)


def _taken(name: str) -> str:
    return _(
        "There is an account called {name} here already, which was not made by your company's"
        " sign-in. Ask an admin of your team."
    ).format(name=name)
