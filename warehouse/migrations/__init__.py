"""The history of the tables. A change of ``warehouse.schema`` adds a file to ``versions`` and moves ``HEAD``."""

from __future__ import annotations

HEAD = "0012"
"""Newest revision; kept here so that a program whose tables are up to date need not load Alembic."""
