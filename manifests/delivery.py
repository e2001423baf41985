"""A delivery against its manifest: the verdict ``receive`` works on and ``sohoa check`` shows before handover."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from manifests.cells import is_reserved
from manifests.documents import BatchRef, DocumentEntry
from manifests.files import FileError, Found, Names, hash_file, list_folder, shown, why
from manifests.manifest import ManifestReading, find_manifests, read_manifest
from manifests.reasons import REASONS, Fault, Severity
from manifests.text import QualityFlag
from manifests.units import units


@dataclass(frozen=True, slots=True)
class ScanFacts:
    """What a cheap look into one scan tells.

    Attributes:
        media_type: ``application/pdf``, ``image/tiff`` …, told from the bytes.
        pages: Pages in the file; 0 when it cannot be opened.
        signed: It carries a digital signature.
        problem: Reason code why it cannot be digitized; ``detail`` are its particulars, Vietnamese.
        flags: Findings that do not stop it.
    """

    media_type: str
    pages: int
    signed: bool = False
    problem: str | None = None
    detail: str = ""
    flags: tuple[QualityFlag, ...] = ()


Probe = Callable[[Path], ScanFacts]
"""Looks into a scan; never raises for bad content, ``OSError`` when it cannot be read at all.

``ocr.probe.probe`` is the real one.
"""

KnownContent = Callable[[str], str | None]
"""SHA-256 of a file to the key of the document that already archived it, or ``None``."""


@dataclass(frozen=True, slots=True)
class AcceptedDocument:
    """A document that can go on.

    Attributes:
        entry: As the manifest has it, except that ``files`` are spelled as on disk.
        files: One fact sheet per ``entry.files``.
        warnings: What somebody should look at.
    """

    entry: DocumentEntry
    files: tuple[ScanFacts, ...]
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class PageFinding:
    """What somebody should know of pages of one file before it is handed over.

    Attributes:
        code: Of ``manifests.reasons``.
        pages: 1-based numbers in the file.
        severity: ``ERROR`` when the document cannot be digitized for it.
        detail: Particulars besides the numbers.
    """

    document_id: str
    file: str
    code: str
    pages: tuple[int, ...]
    severity: Severity = Severity.WARNING
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The verdict on one drop.

    Attributes:
        manifest_sha256: Digest of the manifest the verdict rests on; ``None`` when there is none.
        accepted: Documents that go on, in manifest order.
        faults: Everything found, errors and warnings: first of the drop, then document by document.
    """

    ref: BatchRef
    manifest_sha256: str | None
    accepted: tuple[AcceptedDocument, ...]
    faults: tuple[Fault, ...]

    @property
    def blocked(self) -> bool:
        """A fault of the whole drop; nothing was accepted and nothing should be archived."""
        return any(fault.document_id is None and fault.severity is Severity.ERROR for fault in self.faults)

    @property
    def refused(self) -> dict[str, tuple[Fault, ...]]:
        """Errors by document, for the documents that cannot go on."""
        found: dict[str, tuple[Fault, ...]] = {}
        for fault in self.faults:
            if fault.document_id is not None and fault.severity is Severity.ERROR:
                found[fault.document_id] = (*found.get(fault.document_id, ()), fault)
        return found

    def with_pages(self, findings: Sequence[PageFinding]) -> DeliveryReport:
        """The verdict after each page was looked at: what was told of a file's pages gives way to what they are."""
        rows = {document.entry.document_id: document.entry.row for document in self.accepted}
        told = [_page_fault(finding, rows.get(finding.document_id)) for finding in findings]
        seen = [fault for fault in self.faults if fault.document_id not in rows or fault.code not in _OF_PAGES]
        broken = {fault.document_id for fault in told if fault.severity is Severity.ERROR}
        accepted = tuple(
            replace(
                document,
                warnings=(
                    *(fault for fault in document.warnings if fault.code not in _OF_PAGES),
                    *(fault for fault in told if fault.document_id == document.entry.document_id),
                ),
            )
            for document in self.accepted
            if document.entry.document_id not in broken
        )
        return replace(self, accepted=accepted, faults=(*seen, *told))


def _page_fault(finding: PageFinding, row: int | None) -> Fault:
    numbers = ", ".join(str(number) for number in finding.pages)
    return Fault(
        finding.code,
        "; ".join(part for part in (f"trang {numbers}", finding.detail) if part),
        finding.severity,
        document_id=finding.document_id,
        file=shown(finding.file),
        row=row,
        data={"pages": numbers},
    )


_OF_PAGES = ("low_dpi", "not_in_colour")
"""What a probe tells of a whole file, and a look at its pages tells better."""
_FLAG_REASONS = {
    QualityFlag.LOW_DPI: "low_dpi",
    QualityFlag.NOT_IN_COLOUR: "not_in_colour",
    QualityFlag.JUNK_TEXT_LAYER: "junk_text_layer",
}
_CLUTTER = frozenset({".ds_store", "thumbs.db", "desktop.ini", "__macosx"})
"""What operating systems leave in every folder; telling people of it would bury what matters."""


def check_delivery(
    folder: Path,
    ref: BatchRef,
    *,
    probe: Probe,
    known: KnownContent = lambda sha256: None,
    progress: Callable[[DocumentEntry], None] | None = None,
) -> DeliveryReport:
    """Everything that is wrong with a drop, and the documents that can go on.

    A document with an error is refused and the rest goes on; only a fault of the manifest itself or of the folder
    stops the drop. For each file the cheap checks come first: there, a plain file, not empty; then its digest; then
    a look inside. Nothing is written and no link is followed.

    Args:
        folder: The batch folder.
        ref: Which batch it is; its documents' keys are ``ref.key`` and their id.
        probe: Looks into one scan.
        known: Tells which document already archived a content.
        progress: Called after each document of the manifest.
    """
    try:
        listing = list_folder(folder)
        reading = _read_one_manifest(folder, ref)
    except FileError as error:
        return DeliveryReport(ref, None, (), (Fault(error.code, error.detail),))
    faults = [*_unit_faults(ref), *reading.faults]
    if reading.blocked:
        return DeliveryReport(ref, reading.sha256, (), tuple(faults))
    names = Names(listing)
    faults.extend(_unlisted(listing, names, reading))
    check = _DocumentCheck(folder, ref, names, probe, known)
    told: dict[str | None, list[Fault]] = {}
    for fault in reading.faults:
        told.setdefault(fault.document_id, []).append(fault)
    accepted: list[AcceptedDocument] = []
    for entry in reading.entries:
        document, found = check.check(entry)
        faults.extend(found)
        if document is not None:
            accepted.append(replace(document, warnings=(*told.get(entry.document_id, ()), *document.warnings)))
        if progress is not None:
            progress(entry)
    return DeliveryReport(ref, reading.sha256, tuple(accepted), tuple(faults))


def _read_one_manifest(folder: Path, ref: BatchRef) -> ManifestReading:
    """The manifest of a drop; of a CSV and an XLSX that say the same, the CSV.

    Raises:
        FileError: There is none, or there are two that differ: which one is meant is not for a program to guess.
    """
    paths = find_manifests(folder)
    if not paths:
        others = [shown(path.name) for path in sorted(folder.glob("[Mm][Aa][Nn][Ii][Ff][Ee][Ss][Tt].*"))]
        raise FileError("manifest_missing", f"chỉ có {', '.join(others[:3])}" if others else "")
    reading = read_manifest(paths[0], home=ref.unit_code)
    for path in paths[1:]:
        other = read_manifest(path, home=ref.unit_code)
        if [replace(entry, row=0) for entry in other.entries] != [replace(entry, row=0) for entry in reading.entries]:
            both = f"{paths[0].name} và {path.name} khác nhau; chỉ giữ tệp đúng"
            raise FileError("manifest_invalid", both)
    return reading


def _unit_faults(ref: BatchRef) -> tuple[Fault, ...]:
    if units().with_code(ref.unit_code):
        return ()
    detail = f"thư mục của lô mang mã đơn vị “{shown(ref.unit_code)}”"
    return (Fault("unknown_unit", detail, Severity.WARNING),)


def _unlisted(listing: dict[str, Found], names: Names, reading: ManifestReading) -> list[Fault]:
    listed = {found.name for name in reading.named_files if (found := names.find(name)) is not None}
    return [
        Fault("file_unlisted", "", Severity.WARNING, file=shown(name))
        for name, found in sorted(listing.items())
        if name not in listed and not found.is_folder and not is_reserved(name) and not _is_clutter(name)
    ]


def _is_clutter(name: str) -> bool:
    parts = PurePosixPath(name.casefold()).parts
    return any(part in _CLUTTER or part.startswith(("~$", "._")) for part in parts)


class _DocumentCheck:
    """Checks documents one after the other, remembering the content it has met."""

    def __init__(self, folder: Path, ref: BatchRef, names: Names, probe: Probe, known: KnownContent) -> None:
        self._folder = folder
        self._ref = ref
        self._names = names
        self._probe = probe
        self._known = known
        self._documents: dict[tuple[str, ...], str] = {}
        self._files: dict[str, str] = {}

    def check(self, entry: DocumentEntry) -> tuple[AcceptedDocument | None, tuple[Fault, ...]]:
        """The document if it can go on, and its faults."""
        told = _Told(entry)
        looks = [
            self._check_file(told, name, declared) for name, declared in zip(entry.files, entry.sha256, strict=True)
        ]
        if all(look is not None for look in looks):
            self._check_content(told, entry)
        facts = tuple(look[1] for look in looks if look is not None)
        if len(facts) == len(entry.files) and not any(fact.problem for fact in facts):
            pages = sum(fact.pages for fact in facts)
            if pages != entry.pages:
                which = "thiếu" if pages < entry.pages else "thừa"
                counts = f"manifest ghi {entry.pages} trang, tệp có {pages} trang: {which} {abs(entry.pages - pages)}"
                told.error(
                    "page_count_mismatch",
                    "; ".join([counts, *(fact.detail for fact in facts if fact.detail)]),
                    data={"declared": str(entry.pages), "found": str(pages)},
                )
        if told.failed:
            return None, tuple(told.faults)
        spelled = replace(entry, files=tuple(look[0] for look in looks if look is not None))
        return AcceptedDocument(spelled, facts, tuple(told.faults)), tuple(told.faults)

    def _check_file(self, told: _Told, name: str, declared: str) -> tuple[str, ScanFacts] | None:
        """The file's name on disk and its facts; ``None`` when it is not the file the manifest means."""
        try:
            found = self._locate(name)
            digest = hash_file(self._folder / found.name)
        except FileError as error:
            told.error(error.code, error.detail, file=name)
            return None
        if digest != declared:
            detail = f"manifest ghi {declared[:12]}…, tệp có {digest[:12]}…"
            told.error("checksum_mismatch", detail, file=name, data={"declared": declared, "found": digest})
            return None
        if unicodedata.normalize("NFC", found.name) != name:
            told.warn("value_adjusted", f"tên trên đĩa là {shown(found.name)}", file=name)
        try:
            facts = self._probe(self._folder / found.name)
        except OSError as error:
            told.error("file_not_readable", why(error), file=name)
            return None
        if facts.problem is not None:
            code = facts.problem if facts.problem in REASONS else "internal_error"
            told.error(code, facts.detail, file=name)
        if facts.signed:
            told.warn("already_signed", "", file=name)
        for flag, code in _FLAG_REASONS.items():
            if flag in facts.flags:
                told.warn(code, "", file=name)
        return found.name, facts

    def _locate(self, name: str) -> Found:
        """The file a name means, by what ``lstat`` said of it.

        Raises:
            FileError: It is not there, is a link or lies behind one, is no plain file, or is empty.
        """
        found = self._names.find(name)
        parents = [self._names.find(str(parent)) for parent in PurePosixPath(name).parents]
        if any(entry is not None and entry.is_link for entry in (found, *parents)):
            raise FileError("unsafe_path", "là liên kết (symlink), không phải tệp thật")
        if found is None:
            raise FileError("file_missing", "")
        if not found.is_file:
            raise FileError("unsupported_format", "là thư mục" if found.is_folder else "không phải tệp thường")
        if found.size == 0:
            raise FileError("file_empty", "")
        return found

    def _check_content(self, told: _Told, entry: DocumentEntry) -> None:
        """Tells a document whose whole content was met before, and single files that were.

        The order of the files does not count: the same pages in another order are the same paper.
        """
        content = tuple(sorted(entry.sha256))
        first = self._documents.setdefault(content, entry.document_id)
        own_key = f"{self._ref.key}/{entry.document_id}"
        if first != entry.document_id:
            told.error("duplicate_in_batch", f"giống hệt hồ sơ {first}", data={"document_id": first})
            return
        keys = [self._known(digest) for digest in entry.sha256]
        if keys[0] is not None and keys[0] != own_key and len(set(keys)) == 1:
            told.error("duplicate_in_archive", f"giống hệt hồ sơ {keys[0]}", data={"document_key": keys[0]})
            return
        for name, digest, key in zip(entry.files, entry.sha256, keys, strict=True):
            owner = self._files.setdefault(digest, entry.document_id)
            if owner != entry.document_id:
                told.warn("file_shared", f"cũng ở hồ sơ {owner} của lô", file=name)
            elif key is not None and key != own_key:
                told.warn("file_shared", f"cũng ở hồ sơ đã lưu trữ {key}", file=name)
            elif entry.sha256.count(digest) > 1:
                told.warn("file_shared", "có trong hồ sơ này nhiều hơn một lần", file=name)


class _Told:
    """Faults of one document, in the order they were found."""

    def __init__(self, entry: DocumentEntry) -> None:
        self._entry = entry
        self.faults: list[Fault] = []

    @property
    def failed(self) -> bool:
        return any(fault.severity is Severity.ERROR for fault in self.faults)

    def error(self, code: str, detail: str, *, file: str | None = None, data: dict[str, str] | None = None) -> None:
        self._add(code, detail, Severity.ERROR, file, data)

    def warn(self, code: str, detail: str, *, file: str | None = None) -> None:
        self._add(code, detail, Severity.WARNING, file, None)

    def _add(self, code: str, detail: str, severity: Severity, file: str | None, data: dict[str, str] | None) -> None:
        self.faults.append(
            Fault(
                code,
                detail,
                severity,
                document_id=self._entry.document_id,
                file=shown(file) if file else None,
                row=self._entry.row,
                data=data or {},
            )
        )
