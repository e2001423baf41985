"""How to reach an S3 server."""

from __future__ import annotations

from dataclasses import dataclass, field

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """How to reach an S3 server; a folder needs none of it.

    Attributes:
        endpoint: Address of the server; ``None``: what the standard AWS variables or files say.
        region: Region to sign for; ``None``: as above, else ``us-east-1``.
        access_key: Together with ``secret_key``; ``None``: the standard AWS chain (environment, files, role).
        connect_timeout: Seconds.
        read_timeout: Seconds without a byte.
        attempts: Tries of one request before the store counts as unavailable.
        multipart_bytes: Files above this go up in parts of this size (S3 takes at least 5 MiB, at most 5 GiB).
    """

    endpoint: str | None = None
    region: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    connect_timeout: float = 5.0
    read_timeout: float = 60.0
    attempts: int = 4
    multipart_bytes: int = 64 * MEBIBYTE
