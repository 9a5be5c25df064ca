"""Taking away the recovery pack of a merge."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.merging.models import MergeRequest
from mergeui.merging.recovery import take
from mergeui.web.access import MemberRequest, action
from mergeui.web.packing import zipped


@action(Role.APPROVER, back="request")
def recovery(request: MemberRequest, pk: int) -> HttpResponse:
    """The pack as a download; a form, because each one makes an entry in the history."""
    own = MergeRequest.objects.of(request.member.organization).select_related(
        "organization", "proposed_by", "approved_by"
    )
    wanted = get_object_or_404(own, pk=pk)
    pack = take(wanted, by_user=request.actor)
    content = zipped(pack, taken_by=str(request.user), now=timezone.now())
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="recovery-of-request-{pk}.zip"'
    return response
