"""Base of the faults this room raises; ``pipeline.errors`` gives each class its disposition."""

from __future__ import annotations


class ManifestsError(Exception):
    """Something declared cannot be used. Subclasses carry their data and end with what to do next.

    ``code`` is the reason code of ``manifests.reasons`` under which people see it.
    """

    code = "manifest_invalid"
