"""What a refusal looks like: a page, or for htmx a fragment for the place of problems."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_htmx.http import reswap, retarget

from mergeui.accounts.models import Organization
from mergeui.errors import Problem, TooLate
from mergeui.web import typed

TITLES = {
    400: _("That can't be used as it is"),
    403: _("This is not yours to do"),
    404: _("There is nothing here"),
    405: _("This address takes a form"),
    409: _("Someone was faster"),
    500: _("Something went wrong on our side"),
    502: _("Invent can't be read"),
}


TOO_LATE = _("Too late")


class NotHere(Http404):
    """Not there, with a sentence of ours that says what: Django's own words name models."""


def answer(
    request: HttpRequest,
    status: int,
    sentence: str,
    title: str = "",
    back: str = "",
    take_over: str = "",
    elsewhere: Organization | None = None,
) -> HttpResponse:
    """The page or fragment that says `sentence`; what was typed is shown, to be copied.

    `take_over` is the address that makes a group one's own that somebody else has open;
    `elsewhere` is another organisation of theirs to change to, which has what the address names.
    """
    fields = typed.fields_of(request) if request.method == "POST" else {}
    notes = fields.get("note") or fields.get("words") or []
    context = {
        "status": status,
        "title": title or TITLES.get(status, TITLES[400]),
        "sentence": sentence,
        "back": back,
        "take_over": take_over,
        "elsewhere": elsewhere,
        "typed_note": notes[0].strip() if notes else "",
    }
    if getattr(request, "htmx", False):
        fragment = render(request, "problem/page.html#fragment", context, status=status)
        return retarget(reswap(fragment, "innerHTML"), "#problem")
    return render(request, "problem/page.html", context, status=status)


def refuse(request: HttpRequest, problem: Problem, back: str = "") -> HttpResponse:
    """`answer` for what a service refused."""
    title = str(TOO_LATE) if isinstance(problem, TooLate) else ""
    return answer(request, problem.status, problem.sentence, title=title, back=back)


def wrong_method(request: HttpRequest, methods: list[str], back: str = "") -> HttpResponse:
    """405: somebody opened the address of a form, or sent something to a page."""
    sentence = gettext("Nothing was changed. Open the page and use the buttons that are on it.")
    response = answer(request, 405, sentence, back=back)
    response["Allow"] = ", ".join(methods)
    return response


def no_membership(request: HttpRequest) -> HttpResponse:
    """403 for somebody who may sign in but belongs to no team."""
    sentence = gettext(
        "You are signed in as {user}, but nobody has given you a role in a team yet."
        " Ask the person who runs this desk for one."
    ).format(user=request.user)
    return answer(request, 403, sentence, title=gettext("You have no role here yet"))
