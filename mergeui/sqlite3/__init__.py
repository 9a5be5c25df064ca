"""Django's own backend for SQLite, but for how it waits its turn: see base.py."""
