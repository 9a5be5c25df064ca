"""The addresses: all of them belong to the web layer."""

from django.urls import include, path

urlpatterns = [path("", include("mergeui.web.urls"))]

handler400 = "mergeui.web.views.errors.bad_request"
handler403 = "mergeui.web.views.errors.forbidden"
handler404 = "mergeui.web.views.errors.not_found"
handler429 = "mergeui.web.views.errors.too_many"  # of django-allauth
handler500 = "mergeui.web.views.errors.server_error"
