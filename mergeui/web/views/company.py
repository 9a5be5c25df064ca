"""To the company's own sign-in and back: django-allauth does it, the desk says what went wrong."""

from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from mergeui.web import problems
from mergeui.web.signin.company import refuse

COMPANY = "company"


def leave(request: HttpRequest) -> HttpResponse:
    """A page that leads on by itself.

    A redirect would be one of a form, and the policy of the pages lets forms go nowhere else.
    """
    if request.method != "POST":
        return problems.wrong_method(request, ["POST"])
    answer = _by("OAuth2LoginView", request)
    if not answer.has_header("Location") or answer.status_code == 303:
        return answer
    response = render(request, "login/onward.html", {"to": answer["Location"]})
    response["Refresh"] = f"0; url={answer['Location']}"
    return response


def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """In, on to the second factor, or back to the sign-in page."""
    if request.method not in {"GET", "HEAD"}:
        return problems.wrong_method(request, ["GET", "HEAD"])
    return _by("OAuth2CallbackView", request)


def _by(name: str, request: HttpRequest) -> HttpResponse:
    """What a view of django-allauth answers.

    Its packages take a tenth of the start of a web server, and most desks have no such sign-in.
    """
    if not settings.OIDC_ISSUER:
        raise Http404
    from allauth.socialaccount.providers.oauth2 import views
    from allauth.socialaccount.providers.oauth2.client import OAuth2Error
    from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
    from jwt import PyJWTError
    from requests import RequestException

    try:
        adapter = OpenIDConnectOAuth2Adapter(request, COMPANY)
        answer: HttpResponse = getattr(views, name).adapter_view(adapter)(request)
    # What a provider that is down, or is none, ends in.
    except (RequestException, OAuth2Error, PyJWTError, KeyError, TypeError, ValueError):
        return _trouble(request)
    return answer


def _trouble(request: HttpRequest) -> HttpResponse:
    try:
        refuse(request, "", _("Your company's sign-in can't be reached. Try again in a while."))
    except ImmediateHttpResponse as refused:
        response: HttpResponse = refused.response
        return response
