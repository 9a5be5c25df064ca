"""Every address of the desk (interface.md, Pages)."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
