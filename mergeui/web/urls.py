"""Every address of the desk (interface.md, Pages)."""

from django.urls import path, register_converter
from django.urls.converters import PathConverter

from mergeui.web.views import (
    bulk,
    byhand,
    claims,
    compare,
    contacts,
    decisions,
    halt,
    health,
    history,
    notes,
    optout,
    queue,
    recovery,
    requests,
    saved,
    session,
    settings,
    split,
    sync,
    undo,
)


class ContactIdConverter(PathConverter):
    """An id of Invent in an address: opaque, but never with a control character in it."""

    regex = r"[^\x00-\x1f\x7f]+"


register_converter(ContactIdConverter, "contact")

urlpatterns = [
    path("", queue.home, name="home"),
    path("groups/", queue.queue, name="queue"),
    path("groups/<int:pk>/", compare.group, name="group"),
    path("groups/<int:pk>/raw/<contact:contact_id>/", compare.raw, name="group_raw"),
    path("groups/<int:pk>/preview/", compare.preview, name="group_preview"),
    path("groups/<int:pk>/request/", compare.request_merge, name="group_request"),
    path("groups/<int:pk>/dismiss/", decisions.dismiss, name="group_dismiss"),
    path("groups/<int:pk>/snooze/", decisions.snooze, name="group_snooze"),
    path("groups/<int:pk>/claim/", claims.claim, name="group_claim"),
    path("groups/<int:pk>/hold/", claims.hold, name="group_hold"),
    path("groups/<int:pk>/release/", claims.release, name="group_release"),
    path("groups/<int:pk>/reopen/", decisions.reopen, name="group_reopen"),
    path("groups/<int:pk>/next/", decisions.following, name="group_next"),
    path("groups/<int:pk>/note/", notes.group_note, name="group_note"),
    path("undo/", undo.undo, name="undo"),
    path("lately/", undo.lately, name="lately"),
    path("views/", saved.views, name="views"),
    path("views/strip/", saved.strip, name="views_strip"),
    path("views/new/", saved.new, name="view_new"),
    path("views/<int:pk>/", saved.view, name="view"),
    path("views/<int:pk>/change/", saved.change, name="view_change"),
    path("views/<int:pk>/delete/", saved.delete, name="view_delete"),
    path("bulk/", bulk.bulks, name="bulks"),
    path("bulk/new/", bulk.new, name="bulk_new"),
    path("bulk/<int:pk>/", bulk.bulk, name="bulk"),
    path("bulk/<int:pk>/confirm/", bulk.confirm, name="bulk_confirm"),
    path("bulk/<int:pk>/stop/", bulk.stop, name="bulk_stop"),
    path("bulk/<int:pk>/take-back/", bulk.take_back, name="bulk_take_back"),
    path("groups/<int:pk>/split/", split.split, name="group_split"),
    path("groups/<int:pk>/split/preview/", split.preview, name="group_split_preview"),
    path("groups/<int:pk>/split/request/", split.send, name="group_split_request"),
    path("groups/<int:pk>/discard/", byhand.discard, name="group_discard"),
    path("contacts/", byhand.search, name="search"),
    path("contacts/list/", byhand.take, name="search_take"),
    path("contacts/group/", byhand.group, name="search_group"),
    path("contacts/<contact:contact_id>/", contacts.contact, name="contact"),
    path("halt/", halt.page_of_halt, name="halt"),
    path("halt/end/", halt.end, name="halt_end"),
    path("sync/", sync.sync, name="sync"),
    path("sync/<int:pk>/", sync.sync_line, name="sync_line"),
    path("requests/", requests.requests, name="requests"),
    path("requests/<int:pk>/", requests.merge_request, name="request"),
    path("requests/<int:pk>/approve/", requests.approve, name="approve"),
    path("requests/<int:pk>/reject/", requests.reject, name="reject"),
    path("requests/<int:pk>/cancel/", requests.cancel, name="cancel"),
    path("requests/<int:pk>/opt-out/", optout.opt_out, name="opt_out"),
    path("requests/<int:pk>/restore/", optout.restore, name="restore"),
    path("requests/<int:pk>/resolve/", requests.resolve, name="resolve"),
    path("requests/<int:pk>/note/", notes.request_note, name="request_note"),
    path("requests/<int:pk>/recovery/", recovery.recovery, name="recovery"),
    path("notices/read/", notes.read, name="notices_read"),
    path("history/", history.history, name="history"),
    path("history/export/", history.export, name="history_export"),
    path("history/<int:number>/", history.entry, name="history_entry"),
    path("settings/", settings.settings_page, name="settings"),
    path("settings/change/", settings.change, name="settings_change"),
    path("login/", session.SignIn.as_view(), name="login"),
    path("logout/", session.sign_out, name="logout"),
    path("healthz/live", health.live, name="live"),
    path("healthz/ready", health.ready, name="ready"),
]
