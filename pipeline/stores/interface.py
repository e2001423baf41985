"""What the road asks of a place that keeps bytes. Nothing is overwritten or deleted here: puts are put-if-absent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ObjectStat:
    """What the store knows of an object without reading it.

    Attributes:
        key: Its name, ``/`` between the parts.
        size: Bytes.
        modified: When it was put, UTC.
        sha256: Digest told when it was put; ``None`` when the store keeps none (a folder) or did not ask (a listing).
    """

    key: str
    size: int
    modified: dt.datetime
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """What came of putting an object.

    Attributes:
        created: ``False`` when the very same bytes were there already.
        sha256: Digest of the bytes now kept.
        size: Bytes.
    """

    key: str
    created: bool
    sha256: str
    size: int


class ObjectStore(Protocol):
    """A folder or a bucket. Safe to use from many threads and processes at once."""

    def put_file(self, key: str, path: Path, *, sha256: str | None = None) -> Put:
        """Keep the bytes of ``path`` under ``key``, unless the same bytes are kept there already.

        Readers see the whole object or none. When this returns the bytes are on disk.

        Args:
            key: See ``pipeline.stores.keys``.
            path: A file; never changed.
            sha256: Digest the file must have, when the caller knows it.

        Raises:
            ContentConflictError: Other bytes are kept under ``key``.
            SourceChangedError: The file does not have the digest, or changes while it is read.
            BadKeyError, StoreUnavailableError, StoreConfigurationError: See ``pipeline.stores.errors``.
        """
        ...

    def put_bytes(self, key: str, data: bytes) -> bool:
        """Like ``put_file`` for bytes in memory; ``True`` when created, ``False`` when they were there already."""
        ...

    def get_file(self, key: str, path: Path, *, sha256: str | None = None) -> str:
        """Write the object to ``path`` (made whole or not at all) and return the digest of what was written.

        Raises:
            NoSuchObjectError: Nothing is kept under ``key``.
            ObjectDamagedError: The bytes have another digest than ``sha256``, or than was told at the put;
                ``path`` is not made.
        """
        ...

    def get_bytes(self, key: str, *, sha256: str | None = None) -> bytes:
        """Return the object's bytes. Raises as ``get_file``."""
        ...

    def exists(self, key: str) -> bool:
        """Say whether an object is kept under ``key``."""
        ...

    def stat(self, key: str) -> ObjectStat:
        """Return size, time and digest without reading the object.

        Raises:
            NoSuchObjectError: Nothing is kept under ``key``.
        """
        ...

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        """Yield every object whose key begins with ``prefix``, in byte order of the keys, page by page."""
        ...

    def folders(self, prefix: str = "") -> Iterator[str]:
        """Yield the names one level below ``prefix`` (empty or ending in ``/``) that hold objects, in byte order."""
        ...

    def url(self, key: str) -> str:
        """Return where people find the object."""
        ...
