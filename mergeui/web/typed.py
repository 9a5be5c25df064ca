"""What somebody typed is not lost when it could not be sent (interface.md, Pages)."""

import time
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

KEY = "typed"
LIMIT = 16 * 1024
LASTS_SECONDS = 60 * 60
NEVER_KEPT = {
    "csrfmiddlewaretoken",
    "password",
    "old_password",
    "new_password1",
    "new_password2",
    "code",
    "credential",
    "key",
}

# Why it could not be sent, by the code that a session keeps.
SIGNED_OUT, ELSEWHERE, CONFIRM, FACTOR = "signed out", "elsewhere", "confirm", "factor"
NOT_SENT = {
    SIGNED_OUT: _(
        "You were signed out before this was sent. Nothing was sent; check and send again."
    ),
    ELSEWHERE: _("This was not sent from the other organisation. Check it and send it again."),
    CONFIRM: _("Nothing was sent yet: check and send again."),
    FACTOR: _(
        "Nothing was sent yet: it takes a second factor, which you set up on the page of your"
        " account. Check and send again afterwards."
    ),
}


def fields_of(request: HttpRequest) -> dict[str, list[str]]:
    """The fields of a sent form, without secrets, as far as they fit into LIMIT characters."""
    room, kept = LIMIT, {}
    for name, values in request.POST.lists():
        texts = [str(value) for value in values]
        size = len(name) + sum(map(len, texts))
        if name not in NEVER_KEPT and size <= room:
            kept[name] = texts
            room -= size
    return kept


def keep(request: HttpRequest, page: str, *, because: str = SIGNED_OUT) -> None:
    """Keeps the fields of a form that could not be sent, for the next look at `page`."""
    fields = fields_of(request)
    kept = {"page": page, "fields": fields, "because": because, "at": int(time.time())}
    request.session[KEY] = kept


def waiting(request: HttpRequest) -> bool:
    """Whether a form is kept in this session."""
    return KEY in request.session


def restore(request: HttpRequest, page: str) -> QueryDict | None:
    """The fields that were kept for `page`, once, with a message that says so; None otherwise."""
    kept: Any = request.session.get(KEY)
    if not isinstance(kept, dict) or kept.get("page") != page:
        return None
    del request.session[KEY]
    if time.time() - kept["at"] > LASTS_SECONDS:
        return None
    restored = QueryDict(mutable=True)
    for name, values in kept["fields"].items():
        restored.setlist(name, values)
    because = kept.get("because", SIGNED_OUT)
    if because == FACTOR and has_factor(request):
        because = CONFIRM
    messages.warning(request, str(NOT_SENT[because]))
    return restored


def has_factor(request: HttpRequest) -> bool:
    """Whether somebody signed in has a second factor."""
    member = getattr(request.user, "member", None)
    return bool(getattr(member, "has_factor", False))
