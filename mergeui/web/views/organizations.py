"""Working in another organisation of one's own."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.web import organizations
from mergeui.web.access import MemberRequest, action
from mergeui.web.htmx import done
from mergeui.web.reader import begins_at


@action(Role.VIEWER, back="queue")
def switch(request: MemberRequest) -> HttpResponse:
    """Goes on in the chosen organisation, at `next` if that is given."""
    chosen = organizations.switch(request, request.POST.get("organization", ""))
    to = organizations.where_to(request, request.POST.get("next", ""))
    words = _("You are in {name} now.").format(name=chosen.name)
    return done(request, to or begins_at(request), words)
