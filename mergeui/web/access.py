"""Who may open a page or send a form: the two decorators that every view of the desk has."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from mergeui.accounts.models import Membership, Role, User
from mergeui.audit.actor import Actor
from mergeui.errors import NotAllowed
from mergeui.web import problems, typed

P = ParamSpec("P")


class MemberRequest(HttpRequest):
    """A request of somebody signed in, in the role that they have in their organisation."""

    user: User
    member: Membership
    actor: Actor
    htmx: HtmxDetails


View = Callable[Concatenate[MemberRequest, P], HttpResponseBase]
Plain = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def page(role: Role = Role.VIEWER) -> Callable[[View[P]], Plain[P]]:
    """A page to look at: GET and HEAD, for members who may do what `role` may."""

    def decorate(view: View[P]) -> Plain[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method not in {"GET", "HEAD"}:
                return problems.wrong_method(request, ["GET", "HEAD"])
            if not request.user.is_authenticated:
                return sign_in_first(request, request.get_full_path())
            return _answer(view, request, role, *args, **kwargs)

        return guarded

    return decorate


def action(role: Role, *, back: str, by_itself: bool = False) -> Callable[[View[P]], Plain[P]]:
    """A form that is sent: POST alone, for members who may do what `role` may.

    `back` names the page that shows the form; its address has the same parts. What somebody typed
    whose session ended meanwhile is kept for that page. What a page sends `by_itself` was not typed
    by anybody: it is refused then, and nobody is led away from where they are.
    """

    def decorate(view: View[P]) -> Plain[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method != "POST":
                return problems.wrong_method(request, ["POST"], reverse(back, kwargs=kwargs))
            if not request.user.is_authenticated and by_itself:
                return HttpResponse(status=403)
            if not request.user.is_authenticated:
                form_page = reverse(back, kwargs=kwargs)
                typed.keep(request, form_page)
                return sign_in_first(request, form_page)
            return _answer(view, request, role, *args, **kwargs)

        if not by_itself:
            guarded.back = back  # type: ignore[attr-defined]
        return guarded

    return decorate


def _answer(
    view: View[P], request: HttpRequest, role: Role, *args: P.args, **kwargs: P.kwargs
) -> HttpResponseBase:
    member: Membership | None = getattr(request.user, "member", None)
    if member is None:
        return problems.no_membership(request)
    known = cast(MemberRequest, request)
    known.member = member
    known.actor = Actor.member(
        member, address=address_of(request), request_id=getattr(request, "request_id", "")
    )
    if not member.can(role):
        raise NotAllowed(
            _(
                "Your role here is {role}, and this takes the role {needed}. Ask an admin of your"
                " team to do it or to change your role."
            ).format(role=member.get_role_display().lower(), needed=str(role.label).lower())
        )
    response = view(known, *args, **kwargs)
    add_never_cache_headers(response)
    return response


def sign_in_first(request: HttpRequest, page: str) -> HttpResponseBase:
    """Sends somebody to the sign-in, and from there to `page`."""
    if getattr(request, "htmx", False):
        current = request.htmx.current_url_abs_path  # type: ignore[attr-defined]
        login = resolve_url(settings.LOGIN_URL)
        to = redirect_to_login(current or page, login).url
        return HttpResponseClientRedirect(to)
    response = redirect_to_login(page)
    if request.method == "POST":
        response.status_code = 303
    return response


def address_of(request: HttpRequest) -> str:
    """The network address of the person, as far as it can be trusted."""
    if settings.BEHIND_PROXY and (forwarded := request.headers.get("X-Forwarded-For")):
        return forwarded.rpartition(",")[2].strip()[:100]
    return str(request.META.get("REMOTE_ADDR", ""))
