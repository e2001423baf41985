"""Run keys: the name of a piece of work, so that work done is recognized and never done twice.

A run key is a digest of what came in, the options that matter to the stage, the stage's version, and how often
somebody asked for the work to be redone. The key of the stage above is what comes in, so a change anywhere
redoes exactly the stages below it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from manifests.serial import to_json
from pipeline.stages import Stage

LENGTH = 32
"""Hex digits kept of the digest (128 bits): run keys stand in object names that people read."""


def fingerprint(*values: Any) -> str:
    """Hex digest of frozen values (dataclasses, strings, numbers, tuples), the same in every process."""
    digest = hashlib.sha256()
    for value in values:
        digest.update(to_json(value))
    return digest.hexdigest()[:LENGTH]


def root_key(digests: Iterable[str]) -> str:
    """Run key of a document's content: the digests of its original files, in page order."""
    return fingerprint(tuple(digests))


def run_key(stage: Stage, above: str, *options: Any, reruns: int = 0) -> str:
    """Run key of ``stage`` over the work called ``above`` with these options.

    ``reruns`` is how often this stage of the document was ordered anew (``sohoa rerun --from``).
    """
    return fingerprint(stage.name, stage.version, above, reruns, *options)
