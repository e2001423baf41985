"""Putting a timestamp into a signature that was made without one.

The CMS container of a signature lies outside the bytes it signs, in a room of fixed size, so its unsigned attributes
may grow there without touching the signature (RFC 5652 §5.3, CAdES ``signature-time-stamp``, ETSI EN 319 122-1 §5.3).
That takes the slow answer of the authority out of the signing: the key is free, and what is signed can be kept
meanwhile.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signing.errors import UnsignableError
from signing.journal import Journal

_DIGEST = "sha256"
_TAIL = 1 << 20
"""Bytes at the end of a file in which what a signature added is found: about 40 kB, more with a seal."""
_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_FIELD = re.compile(rb"/T\s*\(Signature(?:-|\\055)([0-9a-f]{8})\)")
_LENGTH = 32
"""Hex digits of a digest in the name of a note."""


def draft_name(base: Path, certificate: Any) -> str:
    """Name of the note that holds the untimestamped signature of ``certificate`` over ``base``."""
    with base.open("rb") as stream:
        digest = hashlib.file_digest(stream, _DIGEST).hexdigest()
    return f"{digest[:_LENGTH]}-{certificate.sha256.hex()[:_LENGTH]}.draft"


def recall_draft(journal: Journal, name: str, base: Path, draft: Path) -> bool:
    """Make ``draft`` again of ``base`` and what was kept of it; whether there was something."""
    kept = journal.recall(name)
    if kept is None:
        return False
    _append(base, draft, kept)
    return True


def keep_draft(journal: Journal, name: str, base: Path, draft: Path) -> None:
    """Keep what ``draft`` has beyond ``base``; when another one was kept first, ``draft`` becomes that one."""
    with draft.open("rb") as stream:
        stream.seek(base.stat().st_size)
        tail = zlib.compress(stream.read())
    kept = journal.keep(name, tail)
    if kept != tail:
        _append(base, draft, kept)


def _append(base: Path, draft: Path, tail: bytes) -> None:
    shutil.copyfile(base, draft)
    with draft.open("ab") as out:
        out.write(zlib.decompress(tail))


def newest_field(path: Path) -> str:
    """Name of the field that holds the newest signature of ``path``."""
    with path.open("rb") as stream:
        return _newest(stream, path.name).field_name


def add_timestamp(path: Path, timestamper: Any, journal: Journal) -> None:
    """Timestamp the newest signature of ``path``, in place; a token received before is used again.

    Raises:
        TsaUnavailableError: No timestamp was to be had.
        UnsignableError: The newest signature is not one of ours, or has no room left.
    """
    from asn1crypto import cms

    with path.open("r+b") as stream:
        newest = _newest(stream, path.name)
        stream.seek(newest.start + 1)
        container = cms.ContentInfo.load(bytes.fromhex(stream.read(newest.end - newest.start - 2).decode()))
        signer = container["content"]["signer_infos"][0]
        imprint = hashlib.sha256(signer["signature"].native).digest()
        name = f"{imprint.hex()[:_LENGTH]}.token"
        with journal.alone(name):
            token = journal.recall(name)
            if token is None:
                answer = asyncio.run(timestamper.async_timestamp(imprint, _DIGEST))
                token = journal.keep(name, answer.dump())
        attribute = cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [cms.ContentInfo.load(token)]})
        signer["unsigned_attrs"] = cms.CMSAttributes([attribute])
        content = container.dump().hex().upper().encode()
        free = newest.end - newest.start - 2
        if len(content) > free:
            raise UnsignableError(path.name, f"the timestamp needs {len(content)} digits, {free} are free")
        stream.seek(newest.start + 1)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


@dataclass(frozen=True, slots=True)
class _Room:
    """Where a signature's container stands in the file, ``<`` and ``>`` included, and the field it belongs to."""

    field_name: str
    start: int
    end: int


def _newest(stream: Any, name: str) -> _Room:
    """The newest signature, from the words that ``signing.sign`` wrote at the end of the file.

    Reading the file as a PDF would take longer than signing it: pyHanko reads the container digit by digit.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _TAIL))
    tail = stream.read()
    ranges, fields = _RANGE.findall(tail), _FIELD.findall(tail)
    if not ranges or not fields:
        raise UnsignableError(name, "its newest signature is not one of ours")
    start, end, rest = (int(offset) for offset in ranges[-1])
    if end + rest != size:
        raise UnsignableError(name, "something stands after its newest signature")
    return _Room(f"Signature-{fields[-1].decode()}", start, end)
