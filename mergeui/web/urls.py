"""Every address of the desk (interface.md, Pages)."""

from django.urls import path

from mergeui.web.views import health, queue, session, sync

urlpatterns = [
    path("", queue.home, name="home"),
    path("groups/", queue.queue, name="queue"),
    path("sync/", sync.sync, name="sync"),
    path("sync/<int:pk>/", sync.sync_line, name="sync_line"),
    path("requests/", queue.home, name="requests"),
    path("history/", queue.home, name="history"),
    path("login/", session.SignIn.as_view(), name="login"),
    path("logout/", session.sign_out, name="logout"),
    path("healthz/live", health.live, name="live"),
    path("healthz/ready", health.ready, name="ready"),
]
