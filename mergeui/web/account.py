"""What a person's own account shows: second factors and where they are signed in."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import User
from mergeui.review.text import visible
from mergeui.web.when import exact, short_day

GO_ON = "account_go_on"
KIND = Authenticator.Type
# In the order to look: many call themselves by the names of others too.
BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari", "curl")
NAMES = {"Edg": "Edge", "OPR": "Opera"}
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "CrOS", "Linux")
SYSTEM_NAMES = {"Mac OS X": "macOS", "CrOS": "ChromeOS"}


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor as a row."""

    pk: int
    name: str
    added: str
    used: str


@dataclass(frozen=True, slots=True)
class Factors:
    """All that a person has: the app, passkeys, and how many codes for an emergency are left."""

    app: Factor | None
    passkeys: list[Factor]
    codes_left: int | None

    @property
    def some(self) -> bool:
        """Whether they have a second factor at all."""
        return bool(self.app or self.passkeys)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session as a row."""

    pk: int
    device: str
    address: str
    since: str
    here: bool


def factors_of(user: User) -> Factors:
    """One query."""
    mine = list(Authenticator.objects.filter(user=user).order_by("pk"))
    apps = [_factor(one, _("Authenticator app")) for one in mine if one.type == KIND.TOTP]
    codes = [one.wrap() for one in mine if one.type == KIND.RECOVERY_CODES]
    return Factors(
        app=apps[0] if apps else None,
        passkeys=[
            _factor(one, visible(one.wrap().name)) for one in mine if one.type == KIND.WEBAUTHN
        ],
        codes_left=len(codes[0].get_unused_codes()) if codes else None,
    )


def _factor(one: Authenticator, name: str) -> Factor:
    used = short_day(one.last_used_at) if one.last_used_at else ""
    return Factor(pk=one.pk, name=name, added=short_day(one.created_at), used=used)


def sessions_of(request: HttpRequest) -> list[SignedIn]:
    """Where somebody is signed in, the newest first: two queries."""
    mine = list(UserSession.objects.filter(user_id=request.user.pk).order_by("-created_at"))
    alive = set(
        Session.objects.filter(
            session_key__in=[one.session_key for one in mine], expire_date__gt=timezone.now()
        ).values_list("session_key", flat=True)
    )
    return [
        SignedIn(
            pk=one.pk,
            device=device(one.user_agent),
            address=str(one.ip),
            since=exact(one.created_at),
            here=one.session_key == request.session.session_key,
        )
        for one in mine
        if one.session_key in alive
    ]


def end(request: HttpRequest, one: int | None = None) -> int:
    """Ends every session of the person but this one, or `one` of those; how many that were."""
    others = UserSession.objects.filter(user_id=request.user.pk)
    others = others.exclude(session_key=request.session.session_key)
    if one is not None:
        others = others.filter(pk=one)
    keys = list(others.values_list("session_key", flat=True))
    ended, _all = Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    return ended


def device(agent: str) -> str:
    """Browser and system in two words, as far as the browser says them."""
    browser = next((one for one in BROWSERS if one in agent), "")
    system = next((one for one in SYSTEMS if one in agent), "")
    browser, system = NAMES.get(browser, browser), SYSTEM_NAMES.get(system, system)
    if browser and system:
        return _("{browser} on {system}").format(browser=browser, system=system)
    return browser or system or _("An unknown browser")
