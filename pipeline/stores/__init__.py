"""Places that keep bytes: a folder, or a bucket of an S3 server. The road sees ``ObjectStore`` only."""

from __future__ import annotations

from pipeline.stores.errors import (
    BadKeyError,
    ContentConflictError,
    NoSuchObjectError,
    ObjectDamagedError,
    SourceChangedError,
    StoreConfigurationError,
    StoreError,
    StoreUnavailableError,
)
from pipeline.stores.interface import ObjectStat, ObjectStore, Put
from pipeline.stores.opening import open_store
from pipeline.stores.options import StoreOptions

__all__ = [
    "BadKeyError",
    "ContentConflictError",
    "NoSuchObjectError",
    "ObjectDamagedError",
    "ObjectStat",
    "ObjectStore",
    "Put",
    "SourceChangedError",
    "StoreConfigurationError",
    "StoreError",
    "StoreOptions",
    "StoreUnavailableError",
    "open_store",
]
