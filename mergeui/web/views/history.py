"""The history: looking up, one entry with all that is kept of it, and the export."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import push_url

from mergeui.accounts.models import Organization, User
from mergeui.audit import lookup
from mergeui.audit.actions import Action
from mergeui.audit.describe import describe
from mergeui.audit.export import rows as export_rows
from mergeui.audit.log import record_alone
from mergeui.audit.models import Check, Entry, Kind
from mergeui.errors import Invalid
from mergeui.review.text import visible
from mergeui.typed_key import typed_key
from mergeui.web import past
from mergeui.web.access import MemberRequest, page
from mergeui.web.forms import HistoryForm
from mergeui.web.htmx import wants_fragment
from mergeui.web.paging import Order, paginate
from mergeui.web.views.queue import address_of_page, clean_query, pager_links
from mergeui.web.when import zone_name

ORDER = Order("pk", descending=True)
FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


@page()
def history(request: MemberRequest) -> HttpResponse:
    """The entries that are asked for, newest first."""
    form = _form(request)
    found = LookUp(request.member.organization, form)
    cursor = request.GET.get("at", "")
    listed = paginate(found(**_bounds(cursor)), order=ORDER, cursor=cursor)
    query = clean_query(request.GET)
    here = address_of_page(request, query)
    context = {
        "form": form,
        "verified": past.verified(Check.objects.first()),
        "details": _("Details"),
        "specific": [form[name].as_hidden() for name in _SPECIFIC if form.value_of(name)],
        "selects": [form[name] for name in ("operator", "action", "day")],
        "days": past.days(listed.rows),
        "contact_url": past.contact_url(found.contact) if found.contact and listed.rows else "",
        "page": listed,
        "links": pager_links(listed, query),
        "query": query,
        "asked": [
            (form[name].label, form.value_of(name)) for name in _SPECIFIC if form.value_of(name)
        ],
        "notes": form.notes(),
        "zone": zone_name(),
    }
    fragment = wants_fragment(request)
    response = render(request, "history/page.html" + ("#results" if fragment else ""), context)
    return push_url(response, here) if fragment else response


_SPECIFIC = ("contact", "name", "email", "phone")


@page()
def entry(request: MemberRequest, number: int) -> HttpResponse:
    """One entry with its facts and what of the personal data is still kept."""
    own = Entry.objects.filter(organization=request.member.organization)
    wanted = get_object_or_404(own.select_related("payload"), pk=number)
    context = {
        "entry": wanted,
        "sentence": visible(describe(wanted)),
        "row": past.row(wanted),
        "detail": past.detail(wanted, whole="all" in request.GET),
    }
    fragment = "#detail" if wants_fragment(request) else ""
    return render(request, "history/entry.html" + fragment, context)


@page()
def export(request: MemberRequest) -> StreamingHttpResponse:
    """All that is asked for as a file, however much it is."""
    wanted = request.GET.get("format", "csv")
    if wanted not in FORMATS:
        raise Invalid(_("The history is exported as csv or as jsonl. Choose one of the two."))
    form = _form(request)
    found = LookUp(request.member.organization, form)
    filters = {name: value for name, value in request.GET.items() if value and name != "format"}
    record_alone(
        Action.HISTORY_EXPORTED,
        by_user=request.actor,
        facts={"format": wanted},
        personal={"filters": filters} if filters else None,
    )
    entries = past.batches(lambda before: found(before=before))
    response = StreamingHttpResponse(export_rows(entries, wanted), content_type=FORMATS[wanted])
    name = f"history-{timezone.now():%Y-%m-%d}.{wanted}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _form(request: MemberRequest) -> HistoryForm:
    people = User.objects.filter(memberships__organization=request.member.organization)
    return HistoryForm(
        request.GET, people=[(person.pk, str(person)) for person in people.order_by("username")]
    )


class LookUp:
    """The look-up that a form asks for, with the bounds of a page."""

    def __init__(self, organization: Organization, form: HistoryForm) -> None:
        self.organization = organization
        self.asked = form.asked()
        q = form.value_of("q")
        self.refs = lookup.guess(organization, q) if q.strip() else []

    @property
    def contact(self) -> str:
        """The id of the one contact that is asked for; empty when it is anything else."""
        by_words = [value for kind, value in self.refs if kind == Kind.CONTACT]
        return str(self.asked.get("contact") or "").strip() or "".join(by_words[:1])

    def __call__(self, *, before: int | None = None, after: int | None = None) -> QuerySet[Entry]:
        return lookup.entries(
            self.organization, **self.asked, found_by=self.refs, before=before, after=after
        )


def _bounds(cursor: str) -> dict[str, Any]:
    """What a cursor says to the look-up, which reads less when it knows."""
    direction, _, rest = cursor.partition(":")
    number = typed_key(rest.partition(":")[0])
    if number is None:
        return {}
    return {"next": {"before": number}, "prev": {"after": number}}.get(direction, {})
