"""The recovery pack as a file, and what the page of a request says of it."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from mergeui.accounts.models import Membership, Role
from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from mergeui.merging.models import MergeRequest
from mergeui.merging.recovery import ERASED, GIVEN, NEW_ID, Call, Pack
from mergeui.review.text import visible
from mergeui.web.when import exact


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether a pack can be had: by this person, and why not."""

    may: bool
    why_not: str


def recovery_of(
    request: MergeRequest, member: Membership, entries: Sequence[Entry]
) -> Offer | None:
    """What to say of a pack; None where nothing can be gone. `entries` are the request's."""
    if request.state not in GIVEN:
        return None
    if not any(entry.personal.get("contacts") for entry in entries):
        return Offer(False, _(ERASED))
    if not member.can(Role.APPROVER):
        return Offer(False, _("Ask an approver or an admin for it: it holds personal data."))
    return Offer(True, "")


def zipped(pack: Pack, *, taken_by: str, now: datetime) -> bytes:
    """The pack as a ZIP: plain steps to read, the snapshots, and the calls for a script."""
    files = {
        "START-HERE.html": render_to_string(
            "recovery/start_here.html", _page(pack, taken_by=taken_by, now=now)
        ),
        "contacts.json": _json(_contacts(pack)),
        "calls.json": _json(_calls(pack)),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(f"request-{pack.request.pk}/{name}", now.timetuple()[:6])
            entry.external_attr = 0o600 << 16  # for its owner alone, where that means something
            archive.writestr(entry, text.encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _page(pack: Pack, *, taken_by: str, now: datetime) -> dict[str, Any]:
    request = pack.request
    return {
        "wanted": request,
        "pack": pack,
        "api": settings.INVENT_API_URL,
        "new_id": NEW_ID,
        "taken_by": taken_by,
        "taken_at": exact(now),
        "asked_at": exact(request.proposed_at),
        "gone": [(one, [_shown(call) for call in one.calls]) for one in pack.gone],
        "kept_call": _shown(pack.kept_call) if pack.kept_call else None,
        "entries": [
            (entry.number, exact(entry.at), visible(describe(entry)), entry.hash)
            for entry in pack.entries
        ],
    }


def _shown(call: Call) -> tuple[str, str, str]:
    """A call to read and to copy: (why, method and address, body)."""
    body = json.dumps(call.body, indent=2, ensure_ascii=True) if call.body is not None else ""
    return call.why, f"{call.method} {settings.INVENT_API_URL}{call.path}", body


def _contacts(pack: Pack) -> dict[str, Any]:
    return {
        "request": pack.request.pk,
        "kept": pack.kept.raw if pack.kept else None,
        "gone": [one.contact.raw for one in pack.gone],
        "without_snapshot": list(pack.missing),
        "history": [{"entry": entry.number, "hash": entry.hash} for entry in pack.entries],
    }


def _calls(pack: Pack) -> dict[str, Any]:
    return {
        "api": settings.INVENT_API_URL,
        "stands_for_the_new_id": NEW_ID,
        "gone": [
            {"id": one.contact.id, "calls": [call.as_json() for call in one.calls]}
            for one in pack.gone
        ],
        "kept": pack.kept_call.as_json() if pack.kept_call else None,
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"
