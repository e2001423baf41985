"""Generator of fictional archive scans with exact truth: what every other room is tried and measured on.

Knows ``manifests`` and nothing else of the project; nothing of the project knows it.
"""

from __future__ import annotations

from sample_scans.document import SampleDocument, SampleTruth, render_document
from sample_scans.intake import SampleSummary, generate

__all__ = ["SampleDocument", "SampleSummary", "SampleTruth", "generate", "render_document"]
