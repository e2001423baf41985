"""Versions of a signed file: what ``sign`` made, and what followed it when its evidence was renewed.

A sidecar named by the digest of one version holds the next. Nothing is overwritten, and the chain can be walked from
the first version by whoever has it.
"""

from __future__ import annotations

from pipeline.context import Context
from pipeline.results import Signed

RENEWAL = "renewal"
"""Stands in the name of a sidecar where a stage's name stands; the old version's digest follows."""


def follower(context: Context, document_key: str, sha256: str) -> Signed | None:
    """The version that followed the signed file with this digest."""
    return context.result(Signed, document_key, RENEWAL, sha256)


def newest_version(context: Context, document_key: str, signed: Signed) -> Signed:
    """What ``sign`` made, or the last version that followed it."""
    while signed.signed_pdf and (newer := follower(context, document_key, signed.signed_pdf.sha256)):
        signed = newer
    return signed
