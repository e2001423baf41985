"""From a store's URL to the store."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from pipeline.stores.errors import StoreConfigurationError
from pipeline.stores.folder import FolderStore
from pipeline.stores.interface import ObjectStore
from pipeline.stores.options import StoreOptions

_ADVICE = "write file:folder or s3://bucket/prefix"


def open_store(url: str, options: StoreOptions | None = None) -> ObjectStore:
    """Open the store at ``url``; nothing is made or asked until it is used.

    Args:
        url: ``file:folder`` (relative to the working folder), ``file:/folder``, or
            ``s3://bucket/prefix`` with ``?endpoint=…`` and ``&region=…`` when they differ from the AWS settings.
        options: Settings of an S3 server; what the URL says wins.

    Raises:
        StoreConfigurationError: The URL cannot be understood.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise StoreConfigurationError(url, f"{error}; {_ADVICE}") from error
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path or parts.query or parts.fragment:
            raise StoreConfigurationError(url, f"not a folder on this machine; {_ADVICE}")
        return FolderStore(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc and "@" not in parts.netloc and not parts.fragment:
        from pipeline.stores.s3 import S3Store

        told = dict(parse_qsl(parts.query))
        unknown = told.keys() - {"endpoint", "region"}
        if unknown:
            raise StoreConfigurationError(
                url, f"{', '.join(sorted(unknown))} cannot be set here; {_ADVICE}?endpoint=…&region=…"
            )
        chosen = options or StoreOptions()
        chosen = dataclasses.replace(
            chosen, endpoint=told.get("endpoint", chosen.endpoint), region=told.get("region", chosen.region)
        )
        return S3Store(parts.netloc, unquote(parts.path).strip("/"), chosen)
    raise StoreConfigurationError(url, f"not a store; {_ADVICE}")
