"""What we know: tables and migrations, load, search, progress, reports."""

from __future__ import annotations
