"""Pages for what went wrong outside a view."""

import logging

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from mergeui.accounts.models import Organization
from mergeui.web import problems, typed
from mergeui.web.access import address_of, load, page_of
from mergeui.web.organizations import home_of_thing
from mergeui.web.signin import noted
from mergeui.web.signin.adapter import TOO_MANY

logger = logging.getLogger(__name__)

BARE = "<h1>Something went wrong on our side.</h1><p>Nothing was sent to Invent by this page.</p>"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request itself is not one that a browser makes of our pages."""
    return problems.answer(
        request, 400, _("The desk could not read what was sent. Go back and try once more.")
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 outside the desk's own rules."""
    return problems.answer(request, 403, _("You may not open this page."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: not there, or not your organisation's; which of the two is not said."""
    sentence = str(exception) if isinstance(exception, problems.NotHere) else ""
    if elsewhere := home_of_thing(request):
        return _in_another(request, elsewhere)
    return problems.answer(
        request,
        404,
        sentence or _("It may have been typed wrongly, or it belongs to another team."),
    )


def _in_another(request: HttpRequest, elsewhere: Organization) -> HttpResponse:
    """404 with the way to another organisation of theirs; what was typed waits for them there."""
    page = request.get_full_path() if request.method == "GET" else page_of(request)
    if request.method == "POST" and page:
        typed.keep(request, page, because=typed.ELSEWHERE)
    sentence = _("This belongs to {name}, and you are in another organisation now.")
    return problems.answer(
        request, 404, sentence.format(name=elsewhere.name), back=page, elsewhere=elsewhere
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500, without the database and without anything that may be what failed."""
    request_id = getattr(request, "request_id", "")
    try:
        page: str = render_to_string("500.html", {"request_id": request_id})
    except Exception:  # noqa: BLE001  # this page has to come whatever is broken
        logger.warning("The page for errors can't be rendered either.")
        page = BARE
    return HttpResponse(page, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """A form that was opened before the person signed in anew: what they typed is kept.

    A form that comes from another site gets the page alone.
    """
    page = page_of(request)
    if page and request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}":
        typed.keep(request, page)
        return load(request, page)
    return problems.answer(
        request,
        403,
        _(
            "This form was opened too long ago, or cookies are switched off, so nothing was sent."
            " Go back, load the page anew and send it again."
        ),
        title=_("The form was too old"),
    )


def too_many(request: HttpRequest) -> HttpResponse:
    """429: more tries from one address, or of one person, than people make."""
    noted.locked(request, f"address:{address_of(request)}")
    return problems.answer(request, 429, str(TOO_MANY), title=_("Too many tries"))
