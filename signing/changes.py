"""What was done to a file after it was signed, revision by revision."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from signing.errors import VerificationError

MOST_REVISIONS = 100
"""Each signature, renewal and form entry makes one; more are there to keep us busy."""
_WIDEST_SHARE = 0.25
"""Share of a page that the look of a later signature may cover; a seal with its text takes a tenth."""
_RANGE = re.compile(rb"/ByteRange\s*\[\s*\d+\s+\d+\s+\d+\s+\d+\s*\]")
_CHUNK = 1 << 20
_HEX = re.compile(rb"<([0-9A-Fa-f\s]*)>")


class Change(StrEnum):
    """Kinds of additions to a signed file. Only the first three keep a record untouched."""

    SIGNATURE = "signature"
    VALIDATION_DATA = "validation_data"
    ARCHIVE_TIMESTAMP = "archive_timestamp"
    FORM_FILL = "form_fill"
    SUSPICIOUS = "suspicious"
    LOOSE_BYTES = "loose_bytes"
    """Bytes behind the last revision that belong to none."""


EVIDENCE = frozenset({Change.VALIDATION_DATA, Change.ARCHIVE_TIMESTAMP})
"""What a renewal adds: nothing of the document changes."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One incremental update.

    Attributes:
        number: 1 is the file as it was first written.
    """

    number: int
    change: Change
    detail: str = ""


def list_changes(reader: Any, signatures: Sequence[Any], name: str) -> tuple[Revision, ...]:
    """Every revision after the oldest signature of ``signatures`` (pyHanko's, oldest first).

    Raises:
        VerificationError: There are more than ``MOST_REVISIONS``.
    """
    total = reader.xrefs.total_revisions
    if total > MOST_REVISIONS:
        raise VerificationError(name, f"it has {total} revisions")
    if not signatures:
        return ()
    by_revision = {signature.signed_revision: signature for signature in signatures}
    first = min(by_revision)
    found = [_judge(reader, index, by_revision.get(index)) for index in range(first + 1, total)]
    if _loose_bytes(reader, total):
        found.append(Revision(total + 1, Change.LOOSE_BYTES, "sau phiên bản cuối có dữ liệu không thuộc tài liệu"))
    return tuple(found)


def _judge(reader: Any, index: int, signature: Any) -> Revision:
    from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, ModificationLevel

    number = index + 1
    old, new = reader.get_historical_resolver(index - 1), reader.get_historical_resolver(index)
    try:
        level = DEFAULT_DIFF_POLICY.apply(old=old, new=new).modification_level
        wide = _added_cover(old, new)
    except Exception as fault:
        # Whatever cannot be compared is not known to be harmless.
        return Revision(number, Change.SUSPICIOUS, f"{type(fault).__name__}: {fault}")
    if level > ModificationLevel.FORM_FILLING:
        return Revision(number, Change.SUSPICIOUS, "nội dung tài liệu bị thay đổi")
    if wide:
        return Revision(number, Change.SUSPICIOUS, wide)
    if signature is not None and signature.sig_object_type == "/DocTimeStamp":
        return Revision(number, Change.ARCHIVE_TIMESTAMP)
    if signature is not None:
        return Revision(number, Change.SIGNATURE, str(signature.field_name))
    if level > ModificationLevel.LTA_UPDATES:
        return Revision(number, Change.FORM_FILL)
    return Revision(number, Change.VALIDATION_DATA)


def _added_cover(old: Any, new: Any) -> str:
    """Why what this revision adds could hide what was signed; empty when it could not.

    Adding a signature field is allowed, and its look is drawn over the page: a wide one, or one that nobody signed,
    shows something else than was signed.
    """
    from pyhanko.sign.fields import enumerate_sig_fields

    before = {name for name, _, _ in enumerate_sig_fields(old)}
    for name, value, reference in enumerate_sig_fields(new):
        if name in before:
            continue
        field = reference.get_object()
        for widget in [kid.get_object() for kid in field.get("/Kids", ())] or [field]:
            share = _share(widget)
            if share and value is None and _draws(widget):
                return "thêm một ô chữ ký có hình nhưng không ai ký"
            if share > _WIDEST_SHARE:
                return "hình chữ ký thêm sau che phần lớn trang"
    return ""


def _draws(widget: Any) -> bool:
    """Whether a widget has a look that is not empty."""
    try:
        look = widget["/AP"]["/N"]
    except KeyError:
        return False
    return not hasattr(look, "data") or bool(look.data.strip())


def _share(widget: Any) -> float:
    """Area of a widget as a share of its page."""
    try:
        left, bottom, right, top = (float(value) for value in widget["/Rect"])
    except (KeyError, TypeError, ValueError):
        return 0.0
    area = abs((right - left) * (top - bottom))
    try:
        x1, y1, x2, y2 = (float(value) for value in widget["/P"]["/MediaBox"])
        page = abs((x2 - x1) * (y2 - y1))
    except (KeyError, TypeError, ValueError):
        page = 595.0 * 842.0
    return area / page if page else 1.0


def _loose_bytes(reader: Any, total: int) -> bool:
    """Whether more than white space follows the end of the last revision."""
    stream = reader.stream
    end = reader.xrefs.get_xref_container_info(total - 1).end_location
    stream.seek(end)
    rest = stream.read(_CHUNK)
    # After the table: trailer, "startxref", offset, "%%EOF", and then nothing.
    match = re.search(rb"startxref\s+\d+\s+%%EOF", rest)
    return match is None or bool(rest[match.end() :].strip()) or bool(stream.read(1))


def gap_is_the_signature(signature: Any) -> bool:
    """Whether what the signature leaves out is its own value and nothing else."""
    try:
        start, size, rest, _ = (int(value) for value in signature.byte_range)
        stream = signature.reader.stream
        if start != 0 or rest <= size:
            return False
        length = stream.seek(0, os.SEEK_END)
        if rest > length:
            return False
        stream.seek(size)
        match = _HEX.fullmatch(stream.read(rest - size))
        return match is not None and bytes.fromhex(match[1].decode("ascii")) == signature.pkcs7_content
    except (ValueError, TypeError):
        return False


def mentions_a_signature(stream: Any) -> bool:
    """Whether the bytes hold the range of a signature, wherever the document leads."""
    stream.seek(0)
    kept = b""
    while chunk := stream.read(_CHUNK):
        if _RANGE.search(kept + chunk):
            return True
        kept = chunk[-200:]
    return False


def after(revisions: Iterable[Revision], signature: Any) -> tuple[str, ...]:
    """Kinds of the changes made after ``signature``, in order, each once."""
    return tuple(
        dict.fromkeys(
            str(revision.change) for revision in revisions if revision.number > signature.signed_revision + 1
        )
    )
