"""Who may open a page or send a form: the two decorators that every view of the desk has."""

import time
from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, cast

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from mergeui.accounts.models import Membership, Role, User
from mergeui.audit.actor import Actor
from mergeui.errors import NotAllowed, Stale
from mergeui.web import problems, typed
from mergeui.web.middleware import record_refusal

P = ParamSpec("P")


class MemberRequest(HttpRequest):
    """A request of somebody signed in, in the role that they have in their organisation."""

    user: User
    member: Membership
    actor: Actor
    htmx: HtmxDetails


class Proof(Enum):
    """What a page or a form wants on top of a session: that it is them, proved minutes ago."""

    NONE = "none"
    LATELY = "lately"  # by the strongest that they have
    SECOND_FACTOR = "second_factor"  # and without a second factor it is not theirs to do


FRESH_SECONDS = 10 * 60


View = Callable[Concatenate[MemberRequest, P], HttpResponseBase]
Plain = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def page(
    role: Role = Role.VIEWER, *, proof: Proof = Proof.NONE, of_account: bool = False
) -> Callable[[View[P]], Plain[P]]:
    """A page to look at: GET and HEAD, for members who may do what `role` may.

    `proof` is what it wants on top. Pages `of_account` are open while the second factor that a role
    takes is still to be set up.
    """

    def decorate(view: View[P]) -> Plain[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method not in {"GET", "HEAD"}:
                return problems.wrong_method(request, ["GET", "HEAD"])
            if not request.user.is_authenticated:
                return sign_in_first(request, request.get_full_path())
            known = _as_member(request)
            if known is None:
                return problems.no_membership(request)
            here = request.get_full_path
            stop = _stopped(known, role, proof, here, of_account=of_account)
            return stop or view(known, *args, **kwargs)

        return guarded

    return decorate


def action(
    role: Role,
    *,
    back: str,
    by_itself: bool = False,
    proof: Proof = Proof.NONE,
    of_account: bool = False,
) -> Callable[[View[P]], Plain[P]]:
    """A form that is sent: POST alone, for members who may do what `role` may.

    `back` names the page that shows the form; its address has the same parts, or none. What
    somebody typed whose session ended meanwhile is kept for that page. What a page sends
    `by_itself` was not typed by anybody: it is refused then, and nobody is led away from where they
    are. `proof` and `of_account` as for a page; what was typed is kept while somebody proves that
    it is them.
    """

    def decorate(view: View[P]) -> Plain[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method != "POST":
                return problems.wrong_method(request, ["POST"], form_page(back, kwargs))
            if not request.user.is_authenticated and by_itself:
                return HttpResponse(status=403)
            shown_at = partial(form_page, back, kwargs)
            if not request.user.is_authenticated:
                typed.keep(request, shown_at())
                return sign_in_first(request, shown_at())
            known = _as_member(request)
            if known is None:
                return problems.no_membership(request)
            stop = _opened_elsewhere(known, shown_at)
            stop = stop or _stopped(known, role, proof, shown_at, of_account=of_account)
            return stop or view(known, *args, **kwargs)

        if not by_itself:
            guarded.back = back  # type: ignore[attr-defined]
        return guarded

    return decorate


def form_page(back: str, parts: Mapping[str, Any]) -> str:
    """The address of the page that shows a form; a line of a list is on a page without parts."""
    try:
        return reverse(back, kwargs=dict(parts))
    except NoReverseMatch:
        return reverse(back)


def page_of(request: HttpRequest) -> str:
    """The page that is shown, or that shows the form that was sent; empty where there is none.

    A page that comes again as the answer to its form has another address in the browser.
    """
    if request.method in {"GET", "HEAD"}:
        return request.path
    match = request.resolver_match
    back: Any = getattr(match.func, "back", None) if match else None
    return form_page(back, match.kwargs) if match and back else ""


def _as_member(request: HttpRequest) -> MemberRequest | None:
    """The request of somebody signed in, as that of a member; None when they belong to no team."""
    member: Membership | None = getattr(request.user, "member", None)
    if member is None:
        return None
    known = cast(MemberRequest, request)
    known.member = member
    known.actor = Actor.member(
        member, address=address_of(request), request_id=getattr(request, "request_id", "")
    )
    return known


def _stopped(
    request: MemberRequest, role: Role, proof: Proof, here: Callable[[], str], *, of_account: bool
) -> HttpResponseBase | None:
    """What a member gets instead; None when they may. Raises NotAllowed.

    `here` gives the page to come back to.
    """
    member = request.member
    has_factor = typed.has_factor(request)
    takes_one = member.role in settings.MFA_REQUIRED_ROLES and not _company_asked(request)
    if takes_one and not has_factor and not of_account:
        return _elsewhere(request, "account", here())
    if not member.can(role):
        raise NotAllowed(
            _(
                "Your role here is {role}, and this takes the role {needed}. Ask an admin of your"
                " team to do it or to change your role."
            ).format(role=member.get_role_display().lower(), needed=str(role.label).lower())
        )
    if proof is Proof.SECOND_FACTOR and not has_factor:
        return _elsewhere(request, "account", here())
    if proof is not Proof.NONE and not proved_lately(request, has_factor=has_factor):
        return _elsewhere(request, "account_reauthenticate", here())
    return None


def _opened_elsewhere(request: MemberRequest, here: Callable[[], str]) -> HttpResponseBase | None:
    """What whoever changed their organisation in another window gets for a form of the one before.

    None for a form of this one. Its address names nothing of an organisation, so the form says it
    itself (`opened_in`), or it would act on the wrong one.
    """
    given = request.POST.get("opened_in", "")
    if given in {"", str(request.member.organization_id)}:
        return None
    members: list[Membership] = getattr(request.user, "members", [])
    opened_in = next((m.organization for m in members if str(m.organization_id) == given), None)
    sentence = _(
        "This form was opened in another organisation than the one you are in now, {name}."
        " Nothing was done."
    ).format(name=request.member.organization.name)
    if opened_in:
        typed.keep(request, here(), because=typed.ELSEWHERE)
    record_refusal(request, Stale(sentence))
    return problems.answer(
        request,
        409,
        sentence,
        title=_("You are in another organisation now"),
        back=here(),
        elsewhere=opened_in,
    )


def proved_lately(request: HttpRequest, *, has_factor: bool) -> bool:
    """Whether they proved who they are minutes ago, by a second factor if they have one."""
    enough = {"mfa"} if has_factor else {"mfa", "password", "socialaccount"}
    oldest = time.time() - FRESH_SECONDS
    records = get_authentication_records(request, request.user)
    return any(one["method"] in enough and one["at"] >= oldest for one in records)


def _company_asked(request: HttpRequest) -> bool:
    """Whether they came by the company's sign-in, and that asks for a second factor itself."""
    records = get_authentication_records(request, request.user) if settings.OIDC_MFA else []
    return any(one["method"] == "socialaccount" for one in records)


def _elsewhere(request: HttpRequest, name: str, here: str) -> HttpResponseBase:
    """To a page of the account first, and from there back; what was typed is kept meanwhile."""
    if request.method == "POST":
        because = typed.FACTOR if name == "account" else typed.CONFIRM
        typed.keep(request, here, because=because)
    return load(request, f"{reverse(name)}?{urlencode({'next': here})}")


def load(request: HttpRequest, page: str) -> HttpResponseBase:
    """Has the browser load a page anew; followed by htmx, it would be put where a part belongs."""
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(page)
    response = HttpResponseRedirect(page)
    if request.method == "POST":
        response.status_code = 303
    return response


def sign_in_first(request: HttpRequest, page: str) -> HttpResponseBase:
    """Sends somebody to the sign-in, and from there to `page`."""
    if getattr(request, "htmx", False):
        page = current_page(request) or page
    return load(request, redirect_to_login(page, resolve_url(settings.LOGIN_URL)).url)


def current_page(request: HttpRequest) -> str:
    """The page of ours that htmx says is in the browser: its path and query; empty if it is none.

    The header can hold anything, and django-htmx reads it as an address without a doubt.
    """
    try:
        return request.htmx.current_url_abs_path or ""  # type: ignore[attr-defined]
    except ValueError:
        return ""


def address_of(request: HttpRequest) -> str:
    """The network address of the person, as far as it can be trusted."""
    if settings.BEHIND_PROXY and (forwarded := request.headers.get("X-Forwarded-For")):
        return forwarded.rpartition(",")[2].strip()[:100]
    return str(request.META.get("REMOTE_ADDR", ""))
