"""One scan → clean, OCR, PDF/A, signed when asked: the road of a single document, no manifest, no warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from manifests.documents import SignatureFact
from manifests.text import PageText
from ocr.assemble import DocumentMetadata, assemble
from ocr.capture import CaptureOptions, capture_pages
from ocr.engine import engine_of_process
from ocr.errors import UnsupportedFormatError
from ocr.page import VisibleImage
from ocr.probe import probe
from ocr.recognize import recognize_page
from ocr.threads import use_one_thread
from pipeline.context import Context
from pipeline.errors import ConfigurationError
from pipeline.plan import capture_options, limits, recognize_options, trust_settings, word_shares
from pipeline.settings import Settings
from pipeline.work.desk import SigningDesk
from signing.errors import VerificationError
from signing.pdfa import PdfaValidator
from signing.profiles import find_profile
from signing.sign import SigningDetails
from signing.stage import SigningTask, sign_document
from signing.verify import verify_pdf


@dataclass(frozen=True, slots=True)
class Conversion:
    """What became of one conversion.

    Attributes:
        pages: Facts, verdict and words of each page.
        input_signatures: Signatures the input carried; the input itself is never changed.
        signature: The signature made, when one was asked for.
        pdfa: ``valid``, ``invalid`` or ``not_checked``.
    """

    out: Path
    pages: tuple[PageText, ...]
    input_signatures: tuple[SignatureFact, ...]
    signature: SignatureFact | None
    pdfa: str
    pdfa_detail: str


def convert(
    files: Sequence[Path],
    out: Path,
    settings: Settings,
    *,
    sign: bool = False,
    on_page: Callable[[PageText], None] | None = None,
) -> Conversion:
    """Make one PDF/A of ``files``, taken as the pages of one document in this order.

    Raises:
        ConfigurationError: ``out`` is one of the inputs.
        OcrError, SigningError: The document cannot be converted; nothing is left at ``out``.
    """
    if any(out.exists() and file.exists() and out.samefile(file) for file in files):
        raise ConfigurationError(f"{out}: the output is also an input, which is never overwritten; name another file")
    use_one_thread()
    profile = find_profile(settings.legal_profile)
    input_signatures = _input_signatures(files, settings)
    pages: list[PageText] = []
    part = out.with_name(f".{out.name}.part.pdf") if sign else out
    now = dt.datetime.now(dt.UTC)
    mark = profile.conversion_text(settings.converter, now) if settings.converter else None
    metadata = DocumentMetadata(title=files[0].stem, document_id=files[0].stem, created_at=now, conversion_mark=mark)
    options = capture_options(settings, profile)
    try:
        assemble(_pages(files, options, settings, pages, on_page), metadata, part)
        fact = _sign(part, out, pages[0], settings) if sign else None
    finally:
        if sign:
            part.unlink(missing_ok=True)
    verdict = PdfaValidator(settings.verapdf).validate([out])[out]
    return Conversion(out, tuple(pages), input_signatures, fact, str(verdict.status), verdict.detail)


def _input_signatures(files: Sequence[Path], settings: Settings) -> tuple[SignatureFact, ...]:
    found: list[SignatureFact] = []
    for file in files:
        facts = probe(file, limits(settings))
        if facts.problem == "unsupported_format":
            raise UnsupportedFormatError(file.name, facts.detail or "not a PDF, TIFF, JPEG or PNG")
        if facts.signed:
            try:
                found += verify_pdf(file, trust=trust_settings(settings))
            except VerificationError:
                continue  # a broken signature does not keep the paper from being read; 'sohoa verify' tells
    return tuple(found)


def _pages(
    files: Sequence[Path],
    options: CaptureOptions,
    settings: Settings,
    pages: list[PageText],
    on_page: Callable[[PageText], None] | None,
) -> Iterator[tuple[VisibleImage, PageText]]:
    engine = engine_of_process(settings.ocr_engine, settings.language)
    recognize = recognize_options(settings)
    for page in capture_pages(list(files), options, orienter=engine.orientation):
        text = recognize_page(page, engine, recognize)
        pages.append(text)
        if on_page:
            on_page(text)
        yield page.visible, text


def _sign(source: Path, out: Path, first: PageText, settings: Settings) -> SignatureFact:
    profile = find_profile(settings.legal_profile)
    details = SigningDetails(
        agency=settings.agency or "Cơ quan số hóa (thử nghiệm)",
        person=settings.converter or "",
        converter=settings.converter or "",
        occupied=word_shares(first),
    )
    draft = out.with_name(f".{out.name}.signed.pdf")
    draft.unlink(missing_ok=True)
    with SigningDesk(Context(settings)) as desk:
        tasks = (SigningTask(profile, desk.signer(profile.signer), details),)
        facts = sign_document(source, draft, tasks, timestamper=desk.timestamper(), trust=trust_settings(settings))
    draft.replace(out)
    return facts[-1]
