"""PDF/A → signed PDF/A → verdict. Keys, timestamps and legal profiles; never opens a hostile scan."""

from __future__ import annotations
