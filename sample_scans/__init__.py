"""Generator of fictional archive scans with their exact truth. Nothing in it names a real person."""

from __future__ import annotations
