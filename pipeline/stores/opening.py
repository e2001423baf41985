"""From a store's URL to the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.stores.errors import StoreConfigurationError
from pipeline.stores.folder import FolderStore
from pipeline.stores.interface import ObjectStore

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


def open_store(url: str, options: StoreOptions | None = None) -> ObjectStore:
    """Open the store at ``url``; nothing is made or asked until it is used.

    Args:
        url: ``file:folder`` (relative to the working folder), ``file:/folder``, or
            ``s3://bucket/prefix`` with ``?endpoint=…`` and ``&region=…`` when they differ from the AWS settings.
        options: Settings of an S3 server; what the URL says wins.

    Raises:
        StoreConfigurationError: The URL cannot be understood.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path or parts.query or parts.fragment:
            raise StoreConfigurationError(url, "not a folder on this machine; write file:folder or file:/folder")
        return FolderStore(Path(unquote(parts.path)))
    raise StoreConfigurationError(url, "not a store; write file:folder or s3://bucket/prefix")
