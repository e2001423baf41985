"""Scan → pages → words → fields, and pages + words → PDF/A. Knows no bucket, no database, no signature key."""

from __future__ import annotations
