"""What django-allauth asks of a project: nobody signs up, and the words are the desk's own."""

import ipaddress
import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mergeui.accounts.models import User
from mergeui.errors import Invalid
from mergeui.sealing import SECOND_FACTOR, reseal, seal, unseal
from mergeui.web.access import address_of
from mergeui.web.reader import begins_at, keep_zone
from mergeui.web.signin import noted

logger = logging.getLogger(__name__)

ZONE = "zone"
# What of a second factor is sealed, as django-allauth calls it.
SEALED = {"secret", "seed", "migrated_codes"}
INACTIVE = _("This account is switched off. Ask an admin of your team to switch it on.")
TOO_MANY = _("Too many tries. Wait five minutes, then try once more.")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by admins and commands alone; no mail is needed, none is sent."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _(
            "User name and password don't belong together. Look for capital letters, and ask an"
            " admin of your team for a new password if you have lost yours."
        ),
        "too_many_login_attempts": TOO_MANY,
        "incorrect_password": _("That is not your password."),
        "enter_current_password": _("That is not your password now."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by themselves."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that tries are counted by and sessions are listed with."""
        for address in (address_of(request), str(request.META.get("REMOTE_ADDR", ""))):
            try:
                return str(ipaddress.ip_address(address))
            except ValueError:
                continue
        return "0.0.0.0"  # noqa: S104  # nosec - nothing is bound to it

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Where the desk begins for this person."""
        return begins_at(request)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Says nothing: the views have words of their own."""

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Left to the decorators of the views (access.py)."""
        return False

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Stops somebody whose account is switched off, whatever they sign in with."""
        noted.refused(request, "inactive", user.username)
        messages.error(request, INACTIVE)
        response = redirect("account_login")
        response.status_code = 303
        return response

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Records the sign-in, and keeps the time zone that the browser gave."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        keep_zone(user, str(request.session.pop(ZONE, "")))
        noted.signed_in(request, user)
        response.status_code = 303
        return response


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors; their secrets are stored sealed (sealing.py)."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("That code does not fit. Wait for the next one, or look at the clock."),
    }

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """What a passkey is called that nobody gave a name."""
        there = Authenticator.objects.filter(user=user, type=type).count()
        words = gettext("Passkey {number}") if there else gettext("Passkey")
        return words.format(number=there + 1)

    def get_totp_issuer(self) -> str:
        """What the app on the phone lists the code under."""
        return "mergeui"

    def _get_site_name(self) -> str:
        return "mergeui"

    def _get_user_identifier(self, user: Any) -> str:
        return str(user.get_username())

    def encrypt(self, text: str) -> str:
        """The text as it may lie in the database and its backups."""
        return seal(text, purpose=SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        """The text itself; without the key that sealed it, one that no code will ever fit."""
        try:
            return unseal(encrypted_text, purpose=SECOND_FACTOR)
        except Invalid:
            logger.warning("A second factor was sealed by a key that the environment lacks.")
            return str(generate_totp_secret())


def seal_factors_anew() -> int:
    """By the newest key, in the caller's transaction; how many. Raises Invalid for one that can't
    be opened."""
    kept = Authenticator.objects.select_for_update().exclude(type=Authenticator.Type.WEBAUTHN)
    factors = list(kept.order_by("pk"))
    for factor in factors:
        for name in SEALED.intersection(factor.data):
            factor.data[name] = _anew(factor.data[name])
    Authenticator.objects.bulk_update(factors, ["data"], batch_size=200)
    return len(factors)


def _anew(kept: Any) -> Any:
    if isinstance(kept, list):
        return [_anew(one) for one in kept]
    return reseal(kept, purpose=SECOND_FACTOR)
