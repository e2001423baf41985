"""The whole road, walked once for the session."""

from __future__ import annotations

from sample_road import road

__all__ = ["road"]
