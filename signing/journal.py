"""What a signing that is interrupted leaves behind, so that it goes on instead of beginning again.

A signature is first made without its timestamp and kept; then the authority is asked; its answer is kept before it
is used. Whoever comes later – after a kill, a time-out, a retry – finds both, and nobody asks for a second timestamp
of the same document. Whoever comes at the same time – a task an orchestrator gave up too early, its successor – waits
for the first one's answer.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Journal(Protocol):
    """Durable notes of one document's signing. Names are digests: other bytes, other names."""

    def recall(self, name: str) -> bytes | None:
        """What was kept under ``name``."""
        ...

    def keep(self, name: str, data: bytes) -> bytes:
        """Keep ``data``; returns what is kept: the first one put wins."""
        ...

    def alone(self, name: str) -> AbstractContextManager[None]:
        """Be the only one, of all threads and processes, who works on what will be kept under ``name``."""
        ...


class Forgetful:
    """A journal that keeps nothing, for a document of which nothing is stored anyhow."""

    def recall(self, name: str) -> bytes | None:
        return None

    def keep(self, name: str, data: bytes) -> bytes:
        return data

    def alone(self, name: str) -> AbstractContextManager[None]:
        return nullcontext()


FORGETFUL = Forgetful()
