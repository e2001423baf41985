"""Web pages over the warehouse, in Vietnamese. Reads, never computes a figure of its own."""

from __future__ import annotations
