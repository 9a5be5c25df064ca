"""Whoever reads a page: their language and their time zone, for as long as the page is made."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from mergeui.accounts.models import User

UTC = "UTC"


@cache
def zones() -> tuple[str, ...]:
    """The time zones that people live in, by their IANA names; without old names and aliases."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    lines = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return tuple(sorted(line[2] for line in lines))


@cache
def _all_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def known_zone(name: str) -> str:
    """`name` if it is a time zone, an old name too, as browsers give them; empty otherwise."""
    return name if name in _all_zones() else ""


def language_of(request: HttpRequest) -> str:
    """The language that the person chose; otherwise what their browser asks for."""
    chosen = getattr(request.user, "language", "")
    if chosen in dict(settings.LANGUAGES):
        return str(chosen)
    return translation.get_language_from_request(request)


def zone_of(request: HttpRequest) -> ZoneInfo:
    """The time zone that the person chose; UTC without one."""
    return ZoneInfo(known_zone(getattr(request.user, "time_zone", "")) or UTC)


def begins_at(request: HttpRequest) -> str:
    """The address at which the desk begins for this person."""
    queue, opens = reverse("queue"), getattr(request.user, "opens", "")
    return f"{queue}?{opens}" if opens else queue


def keep_zone(user: User, name: str) -> None:
    """Keeps the time zone that a browser gives, for somebody who has none yet."""
    zone = known_zone(name)
    if zone and not user.time_zone:
        User.objects.filter(pk=user.pk, time_zone="").update(time_zone=zone)
        user.time_zone = zone


class ReaderMiddleware:
    """Makes each page in the language and the time zone of its reader.

    Django's own would take the language from the address or a cookie; here it belongs to the
    person, and comes with them in the query that finds them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        with translation.override(language), timezone.override(zone_of(request)):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language",))
        return response
