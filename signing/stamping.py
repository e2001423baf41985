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
import shutil
import zlib
from pathlib import Path
from typing import Any

from signing.errors import UnsignableError
from signing.journal import Journal

_DIGEST = "sha256"
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
        return str(_newest(stream, path.name).field_name)


def add_timestamp(path: Path, timestamper: Any, journal: Journal) -> None:
    """Timestamp the newest signature of ``path``, in place; a token received before is used again.

    Raises:
        TsaUnavailableError: No timestamp was to be had.
        UnsignableError: The newest signature is not one of ours, or has no room left.
    """
    from asn1crypto import cms

    with path.open("r+b") as stream:
        newest = _newest(stream, path.name)
        _, start, end, _ = (int(offset) for offset in newest.byte_range)
        container = cms.ContentInfo.load(newest.pkcs7_content)
        signer = container["content"]["signer_infos"][0]
        imprint = hashlib.sha256(signer["signature"].native).digest()
        name = f"{imprint.hex()[:_LENGTH]}.token"
        token = journal.recall(name)
        if token is None:
            answer = asyncio.run(timestamper.async_timestamp(imprint, _DIGEST))
            token = journal.keep(name, answer.dump())
        attribute = cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [cms.ContentInfo.load(token)]})
        signer["unsigned_attrs"] = cms.CMSAttributes([attribute])
        content = container.dump().hex().upper().encode()
        if len(content) > end - start - 2:
            raise UnsignableError(path.name, f"the timestamp needs {len(content)} digits, {end - start - 2} are free")
        stream.seek(start + 1)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _newest(stream: Any, name: str) -> Any:
    """pyHanko's reading of the newest signature."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    found = PdfFileReader(stream, strict=False).embedded_signatures
    if not found:
        raise UnsignableError(name, "there is no signature to timestamp")
    return found[-1]
