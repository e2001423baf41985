"""Which names an object may have, so that a key means the same in a folder and in a bucket and leaves neither."""

from __future__ import annotations

import unicodedata

from pipeline.stores.errors import BadKeyError

INCOMING = ".incoming"
"""First segment kept for half-written files of a folder store; no object is named so."""

MAX_KEY_BYTES = 1024
"""Limit of S3."""
MAX_SEGMENT_BYTES = 255
"""Limit of the Linux file systems."""


def key_fault(key: str) -> str | None:
    """Say why ``key`` names no object in any store; ``None`` when it may be read."""
    try:
        encoded = key.encode("utf-8")
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if not key:
        return "it is empty"
    if len(encoded) > MAX_KEY_BYTES:
        return f"it is longer than {MAX_KEY_BYTES} bytes"
    if any(unicodedata.category(letter) == "Cc" for letter in key):
        return "it holds a control character"
    if "\\" in key:
        return "it holds a backslash"
    segments = key.split("/")
    if segments[0] == "":
        return "it begins with '/'"
    if any(segment in ("", ".", "..") for segment in segments):
        return "a part of it is empty, '.' or '..'"
    if segments[0] == INCOMING:
        return f"{INCOMING}/ is kept for half-written files"
    if any(len(segment.encode("utf-8")) > MAX_SEGMENT_BYTES for segment in segments):
        return f"a part of it is longer than {MAX_SEGMENT_BYTES} bytes"
    return None


def readable_key(key: str) -> str:
    """Return ``key`` when it may be read.

    NFC is not asked for: drops made on a Mac hold decomposed names, and they must be readable as they are.

    Raises:
        BadKeyError: It could leave the store or name no object.
    """
    fault = key_fault(key)
    if fault:
        raise BadKeyError(key, fault)
    return key


def writable_key(key: str) -> str:
    """Return ``key`` when an object may be put under it: readable and NFC, so that one name has one spelling.

    Raises:
        BadKeyError: It could leave the store, name no object, or is not NFC.
    """
    readable_key(key)
    if not unicodedata.is_normalized("NFC", key):
        raise BadKeyError(key, "it is not in Unicode form NFC")
    return key


def readable_prefix(prefix: str) -> str:
    """Return ``prefix`` when keys may be listed under it; empty means all.

    Raises:
        BadKeyError: No key could begin so.
    """
    if prefix:
        readable_key(prefix.removesuffix("/"))
    return prefix
