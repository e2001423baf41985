"""Faults of an object store. ``pipeline.errors`` says for each class whether it is retried, quarantined or halts."""

from __future__ import annotations


class StoreError(Exception):
    """Base of this room. Subclasses carry their data as fields and end with what to do next.

    ``code`` is a key of ``manifests.reasons.REASONS``.
    """

    code = "internal_error"


class StoreUnavailableError(StoreError):
    """The store did not answer, or answered that it cannot serve now. Worth another try."""

    code = "store_unavailable"

    def __init__(self, where: str, detail: str) -> None:
        self.where = where
        self.detail = detail
        super().__init__(
            f"{where}: the store does not answer ({detail}); try again, and look at the server if it lasts"
        )


class StoreConfigurationError(StoreError):
    """Wrong URL, bucket, credentials or permissions: no retry will help."""

    code = "configuration_invalid"

    def __init__(self, where: str, detail: str) -> None:
        self.where = where
        self.detail = detail
        super().__init__(f"{where}: {detail}")


class BadKeyError(StoreError):
    """The key could leave the store, or cannot be spelled in every store."""

    code = "unsafe_path"

    def __init__(self, key: str, detail: str) -> None:
        self.key = key
        self.detail = detail
        super().__init__(f"key {key!r}: {detail}; name the object otherwise")


class NoSuchObjectError(StoreError):
    """Nothing is kept under the key."""

    code = "file_missing"

    def __init__(self, key: str, where: str) -> None:
        self.key = key
        self.where = where
        super().__init__(f"{where}: no such object; check the key, or put the object first")


class ContentConflictError(StoreError):
    """Other bytes are already kept under the key. Nothing was written: kept bytes never change."""

    code = "content_changed"

    def __init__(self, key: str, kept: str, offered: str) -> None:
        self.key = key
        self.kept = kept
        self.offered = offered
        super().__init__(
            f"{key}: already kept with other content (kept {kept[:12]}…, offered {offered[:12]}…); "
            "the kept object stays as it is, put the new content under a new key"
        )


class ObjectDamagedError(StoreError):
    """The bytes read are not the bytes that were put."""

    code = "checksum_mismatch"

    def __init__(self, key: str, expected: str, found: str) -> None:
        self.key = key
        self.expected = expected
        self.found = found
        super().__init__(
            f"{key}: damaged, expected SHA-256 {expected[:12]}…, found {found[:12]}…; "
            "restore it from the second copy of the archive"
        )


class SourceChangedError(StoreError):
    """The file being put does not have (or no longer has) the promised digest; nothing was kept."""

    code = "file_still_changing"

    def __init__(self, key: str, expected: str, found: str) -> None:
        self.key = key
        self.expected = expected
        self.found = found
        super().__init__(
            f"{key}: the file to put changed on the way, expected SHA-256 {expected[:12]}…, found {found[:12]}…; "
            "wait until nobody writes it, then try again"
        )
