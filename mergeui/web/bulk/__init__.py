"""Bulk decisions in words, for their pages."""
