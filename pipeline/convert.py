"""One scan → clean, OCR, PDF/A, signed when asked: the road of a single document, no manifest, no warehouse.

Pages are read by several processes at once and written as they come; what is written survives a kill, and the same
command carries on from there.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from manifests.documents import SignatureFact
from manifests.text import PageText
from ocr.xmp import DocumentMetadata, xmp_packet
from pipeline.errors import ConfigurationError, Disposition, disposition, is_ours
from pipeline.options import capture_options, recognize_options, taken_shares
from pipeline.readers import Readers
from pipeline.settings import Settings
from pipeline.unfinished import PageNote, forget, unfinished
from signing.capture_rules import CopyFacts, PageCapture, check_capture
from signing.errors import VerificationError
from signing.profiles import find_profile

if TYPE_CHECKING:
    from signing.stage import SignedDocument

NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Conversion:
    """What became of one conversion.

    Attributes:
        pages: Facts and verdict of each page.
        resumed: How many of them an earlier, killed run had read.
        input_signatures: Signatures the input carried; the input itself is never changed.
        signature: The signature made, when one was asked for.
        pdfa: ``valid``, ``invalid`` or ``not_checked``.
        breaches: What the pages lack of the legal profile's rules, in sentences.
        damage: What of the input could not be had, in sentences.
        signature_notes: What people should look at in the signed file, in sentences.
    """

    out: Path
    pages: tuple[PageNote, ...]
    resumed: int
    input_signatures: tuple[SignatureFact, ...]
    signature: SignatureFact | None
    pdfa: str
    pdfa_detail: str
    breaches: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    signature_notes: tuple[str, ...] = ()


def convert(
    files: Sequence[Path],
    out: Path,
    settings: Settings,
    readers: Readers,
    *,
    sign: bool = False,
    check: bool = False,
    on_start: Callable[[int], None] | None = None,
    on_page: Callable[[PageNote], None] | None = None,
) -> Conversion:
    """Make one PDF/A of ``files``, taken as the pages of one document in this order.

    Args:
        readers: From ``pipeline.readers.open_readers``.
        sign: Sign the document under the legal profile of the settings.
        check: Have veraPDF judge the result, which starts a Java machine; what is signed is always judged.
        on_start: Told how many pages there are.
        on_page: Told each page that is there, in the order they come.

    Raises:
        ConfigurationError: ``out`` is one of the inputs.
        OcrError, SigningError, WorkerError: The document cannot be converted; nothing is left at ``out``.
    """
    if any(out.exists() and file.exists() and out.samefile(file) for file in files):
        raise ConfigurationError(f"{out}: the output is also an input, which is never overwritten; name another file")
    survey = readers.survey(files)
    try:
        with unfinished(out, _key(files, settings)) as document:
            resumed = len(document.known)
            if on_start:
                on_start(survey.pages)
            if on_page:
                for note in document.notes:
                    on_page(note)
            todo = [number for number in range(1, survey.pages + 1) if number not in document.known]
            pages = readers.read(files, todo)
            document.make_ready()
            for page in pages:
                note = document.add(page.number, page.visible, page.text)
                if on_page:
                    on_page(note)
            made = document.finish(*_bindings(files, settings))
            signed = _sign(made, out, document.first, settings) if sign else None
            if not sign:
                made.replace(out)
            notes = document.notes
    except Exception as error:
        # The scan itself is at fault: the same pages would fail the same way.
        if is_ours(error) and disposition(error) is Disposition.QUARANTINE:
            forget(out)
        raise
    forget(out)
    pdfa, detail = _judged(out, settings) if check or sign else (NOT_CHECKED, "")
    signatures = _signatures(survey.signed, settings)
    breaches = _breaches(notes, settings)
    fact, told = (signed.signatures[-1], signed.notes) if signed else (None, ())
    return Conversion(out, notes, resumed, signatures, fact, pdfa, detail, breaches, survey.damage, told)


def _breaches(notes: Sequence[PageNote], settings: Settings) -> tuple[str, ...]:
    profile = find_profile(settings.legal_profile, settings.profiles_folder)
    pages = tuple(PageCapture(note.page_number, note.facts.dpi, note.facts.colour) for note in notes)
    return tuple(breach.sentence for breach in check_capture(profile, CopyFacts(pages)))


def _bindings(files: Sequence[Path], settings: Settings) -> tuple[str, str]:
    """What the document says about itself, and its language."""
    now = dt.datetime.now(dt.UTC)
    profile = find_profile(settings.legal_profile, settings.profiles_folder)
    mark = profile.conversion_text(settings.converter, now) if settings.converter else None
    metadata = DocumentMetadata(title=files[0].stem, document_id=files[0].stem, created_at=now, conversion_mark=mark)
    return xmp_packet(metadata), metadata.language


def _key(files: Sequence[Path], settings: Settings) -> str:
    """Fingerprint of what is read and how; time limits decide only how long we wait."""
    known = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            known.update(hashlib.file_digest(stream, "sha256").digest())
    profile = find_profile(settings.legal_profile, settings.profiles_folder)
    known.update(repr((capture_options(settings, profile), recognize_options(settings), version("sohoa"))).encode())
    return known.hexdigest()


def _signatures(files: Sequence[Path], settings: Settings) -> tuple[SignatureFact, ...]:
    if not files:
        return ()
    from pipeline.plan import trust_settings
    from signing.guard import Examiner

    found: list[SignatureFact] = []
    with Examiner(settings.examine_timeout) as examiner:
        for file in files:
            try:
                found += examiner.examine(file, trust=trust_settings(settings)).signatures
            except VerificationError as error:
                # a broken signature does not keep the paper from being read; 'sohoa verify' tells more
                found.append(_unjudged(error))
    return tuple(found)


def _unjudged(error: VerificationError) -> SignatureFact:
    """What is told of a signature nobody could judge."""
    return SignatureFact(
        field_name="",
        signer="",
        intact=False,
        valid=False,
        trusted=False,
        level="",
        signed_at=None,
        timestamp_at=None,
        covers_whole_file=False,
        legally_valid=False,
        summary=str(error),
    )


def _judged(out: Path, settings: Settings) -> tuple[str, str]:
    from signing.pdfa import PdfaValidator

    verdict = PdfaValidator(settings.verapdf).validate([out])[out]
    return str(verdict.status), verdict.detail


def _sign(source: Path, out: Path, first: PageText, settings: Settings) -> SignedDocument:
    from pipeline.context import Context
    from pipeline.plan import trust_settings
    from pipeline.work.desk import SigningDesk
    from signing.sign import SigningDetails
    from signing.stage import sign_document, signing_tasks

    profile = find_profile(settings.legal_profile, settings.profiles_folder)
    details = SigningDetails(
        agency=settings.agency or "Cơ quan số hóa (thử nghiệm)",
        person=settings.converter or "",
        converter=settings.converter or "",
        occupied=taken_shares(first),
        copy_form=settings.copy_form,
        seal=settings.seal,
        seal_width=settings.seal_width,
    )
    draft = out.with_name(f".{out.name}.signed.pdf")
    draft.unlink(missing_ok=True)
    try:
        with SigningDesk(Context(settings)) as desk:
            tasks = signing_tasks(profile, desk.signer, details, countersigned=settings.agency_countersigns)
            made = sign_document(
                source,
                draft,
                tasks,
                timestamper=desk.timestamper() if desk.level.timestamped else None,
                trust=trust_settings(settings),
                level=desk.level,
                revocation=desk.revocation() if desk.level.proven else None,
            )
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    return made
