"""Signing in: what django-allauth asks of this desk, and what the history keeps of it."""
