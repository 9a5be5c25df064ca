"""A person's settings: how the desk looks and behaves for them alone."""

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.web import typed
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.htmx import done
from mergeui.web.preferences import PreferencesForm
from mergeui.web.when import exact


@page()
def settings_page(request: MemberRequest) -> HttpResponse:
    """What is chosen now."""
    return _show(request, _form(request, typed.restore(request, request.path)))


@action(Role.VIEWER, back="settings")
def change(request: MemberRequest) -> HttpResponse:
    """Keeps what was chosen; the page after it speaks the language that was chosen."""
    form = _form(request, request.POST)
    if not form.is_valid():
        return _show(request, form, status=400)
    form.keep(request.user)
    with translation.override(request.user.language or _asked_by_browser(request)):
        words = _("Your settings are kept.")
    return done(request, reverse("settings"), words)


def _form(request: MemberRequest, sent: QueryDict | None) -> PreferencesForm:
    return PreferencesForm(sent, user=request.user, browser_language=_asked_by_browser(request))


def _asked_by_browser(request: MemberRequest) -> str:
    return translation.get_language_from_request(request)


def _show(request: MemberRequest, form: PreferencesForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "now": exact(timezone.now())}
    return render(request, "settings/page.html", context, status=status)
