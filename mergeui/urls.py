"""The addresses: all of them belong to the web layer."""

from django.urls import include, path

urlpatterns = [path("", include("mergeui.web.urls"))]
