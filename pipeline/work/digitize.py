"""``capture`` → ``recognize`` → ``assemble`` of one document in one pass, page by page, in one process.

What is durable is each recognized page and the finished PDF/A. A run that was killed finds the pages it had read
and reads only the rest; the images are taken out of the originals again, which is cheap. So the page a worker died
over is the first that is not there: whoever starts the next worker has it kept as a picture, unread.
"""

from __future__ import annotations

import datetime as dt
import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from manifests.documents import Artefact, ArtefactKind, PageRow
from manifests.serial import from_json, to_json
from manifests.text import PageText
from ocr.assemble import Assembled, DocumentMetadata, assemble
from ocr.engine import Engine, NullEngine, engine_of_process
from ocr.page import CapturedPage, VisibleImage
from ocr.recognize import leave_unread, recognize_page
from ocr.scan import Scan, open_scan
from ocr.visible import squeezed
from pipeline import archive
from pipeline.context import Context
from pipeline.outcomes import Ending, Outcome
from pipeline.plan import Plan, title
from pipeline.results import Digitized, ReceivedDocument
from pipeline.stores import ContentConflictError
from pipeline.stores.local import write_whole

Guard = Callable[[], AbstractContextManager[None]]
"""Around the work on one page; a worker's ends the worker when the page does not end."""
_DEALT_PAGES = 10


@dataclass
class _Progress:
    """What one pass over the pages collects besides the PDF."""

    rows: list[PageRow] = field(default_factory=list)
    read: int = 0
    resumed: int = 0


def digitize(
    context: Context,
    document: ReceivedDocument,
    plan: Plan,
    desk: Path | None = None,
    *,
    spared: int = 0,
    guard: Guard = nullcontext,
) -> Outcome:
    """Make the PDF/A of a document, or find it made.

    Args:
        desk: Folder in which other processes of this machine left what they fetched and made of it (``read_share``).
        spared: So many of the pages not read yet, from the first on, are kept without asking an engine.
        guard: See ``Guard``.

    Raises:
        OcrError, StoreError: See ``pipeline.errors`` for what follows.
    """
    key = plan.keys["assemble"]
    done = context.result(Digitized, document.key, "assemble", key)
    if done:
        return _outcome(document, key, Ending.SKIPPED, done)
    with context.folder() as folder:
        progress = _Progress()
        with _Sheets.of(context, document, plan, desk or folder) as sheets:
            pages = _pages(sheets, progress, spared, guard)
            made = assemble(pages, _metadata(document, plan), folder / "document.pdf")
        done = _keep(context, document, plan, made, progress)
    return _outcome(document, key, Ending.DONE, done)


def fetch_originals(context: Context, document: ReceivedDocument, folder: Path) -> list[Path]:
    """The originals as local files, in page order, each proven by its digest; once for all who share ``folder``."""
    files = []
    for artefact in document.originals:
        path = folder / artefact.key.rpartition("/")[2]
        with (folder / ".fetching").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # ends with the file, also in a process that is killed
            if not path.exists():
                context.archive.get_file(artefact.key, path, sha256=artefact.sha256)
        files.append(path)
    return files


def read_pages(context: Context, document_key: str, run_key: str) -> dict[int, PageText]:
    """The pages recognized under a run key so far, by page number."""
    found = context.archive.list(archive.pages(document_key, run_key))
    texts = (from_json(PageText, context.archive.get_bytes(entry.key)) for entry in found)
    return {text.page_number: text for text in texts}


def read_share(
    context: Context,
    document: ReceivedDocument,
    plan: Plan,
    share: int,
    shares: int,
    desk: Path,
    guard: Guard = nullcontext,
) -> int:
    """Read one of several shares of a long document's pages and keep them; ``digitize`` finds them read.

    Pages are dealt out in runs of ten. A page that another process read meanwhile is left as it is. The pictures wait
    on the ``desk``, so that nobody takes them out of the originals a second time.

    Returns:
        How many pages were read here.

    Raises:
        OcrError, StoreError: See ``pipeline.errors`` for what follows.
    """
    run_key = plan.keys["recognize"]
    if context.result(Digitized, document.key, "assemble", plan.keys["assemble"]):
        return 0
    kept = {entry.key for entry in context.archive.list(archive.pages(document.key, run_key))}

    def mine(number: int) -> bool:
        dealt = (number - 1) // _DEALT_PAGES % shares == share
        return dealt and archive.page(document.key, run_key, number) not in kept

    read = 0
    with _Sheets.of(context, document, plan, desk) as sheets:
        for number in filter(mine, range(1, sheets.scan.pages + 1)):
            with guard():
                page, _ = sheets.read(number)
                _lay_down(desk, number, squeezed(page.visible))
            read += 1
    return read


def _pages(
    sheets: _Sheets, progress: _Progress, spared: int, guard: Guard
) -> Iterator[tuple[VisibleImage, PageText]]:
    known = read_pages(sheets.context, sheets.document.key, sheets.plan.keys["recognize"])
    for number in range(1, sheets.scan.pages + 1):
        text = known.get(number)
        with guard():
            if text is None:
                page, text = sheets.read(number, asked=progress.read >= spared)
                visible = squeezed(page.visible)
                progress.read += 1
            else:
                visible = sheets.picture(text)
                progress.resumed += 1
        facts = replace(text.facts, occupied=())  # the page's own sidecar has them
        progress.rows.append(PageRow(facts, text.verdict, len(text.words), text.mean_confidence, text.plain_text()))
        yield visible, text


@dataclass(frozen=True)
class _Sheets:
    """The sheets of a document while its files are open."""

    context: Context
    document: ReceivedDocument
    plan: Plan
    folder: Path
    scan: Scan
    delivered: Mapping[str, str]

    @classmethod
    @contextmanager
    def of(cls, context: Context, document: ReceivedDocument, plan: Plan, folder: Path) -> Iterator[_Sheets]:
        files = fetch_originals(context, document, folder)
        delivered = {file.name: name for file, name in zip(files, document.entry.files, strict=True)}
        with open_scan(files, plan.capture) as scan:
            yield cls(context, document, plan, folder, scan, delivered)

    @property
    def _engine(self) -> Engine:
        return engine_of_process(self.plan.recognize.engine, self.plan.recognize.language)

    def read(self, number: int, *, asked: bool = True) -> tuple[CapturedPage, PageText]:
        """Read a page and keep what was read; without ``asked`` no engine sees it and it is ``unread``."""
        page = self._captured(number, self._engine if asked else None, for_engine=asked)
        if asked:
            return page, self._kept(recognize_page(page, self._engine, self.plan.recognize))
        return page, self._kept(leave_unread(page, self.plan.recognize.language))

    def picture(self, text: PageText) -> VisibleImage:
        """The picture of a page that was read before: off the desk, or taken out once more and laid as it lay then,
        for which the engine is asked again which way is up."""
        waiting = _take_up(self.folder, text.page_number)
        if waiting is not None:
            return waiting
        asked = text.engine != NullEngine.name
        return squeezed(self._captured(text.page_number, self._engine if asked else None, for_engine=False).visible)

    def _captured(self, number: int, engine: Engine | None, *, for_engine: bool) -> CapturedPage:
        """The page under the name people delivered its file by, not the one it lies under here."""
        page = self.scan.capture(number, engine.orientation if engine else None, for_engine=for_engine)
        return replace(page, facts=replace(page.facts, source=self.delivered[page.facts.source]))

    def _kept(self, text: PageText) -> PageText:
        key = archive.page(self.document.key, self.plan.keys["recognize"], text.page_number)
        try:
            self.context.archive.put_bytes(key, to_json(text))
        except ContentConflictError:  # another process read the same page first
            return from_json(PageText, self.context.archive.get_bytes(key))
        return text


def _lay_down(desk: Path, number: int, visible: VisibleImage) -> None:
    """Leave a page's picture on the desk: a line that says how it lies on its page, then its bytes."""
    with write_whole(_picture(desk, number)) as file:
        file.write(to_json(replace(visible, data=b"")))
        file.write(visible.data)


def _take_up(desk: Path, number: int) -> VisibleImage | None:
    """A page's picture off the desk; ``None`` when nobody left it there."""
    path = _picture(desk, number)
    if not path.exists():
        return None
    head, _, data = path.read_bytes().partition(b"\n")
    path.unlink()  # it goes into the PDF now
    return replace(from_json(VisibleImage, head), data=data)


def _picture(desk: Path, number: int) -> Path:
    return desk / f".{number}.picture"


def _keep(
    context: Context, document: ReceivedDocument, plan: Plan, made: Assembled, progress: _Progress
) -> Digitized:
    key = plan.keys["assemble"]
    target = archive.artefact(document.key, ArtefactKind.PDFA, key, ".pdf")
    try:
        put = context.archive.put_file(target, made.path, sha256=made.sha256)
        size, sha256 = put.size, put.sha256
    except ContentConflictError as error:  # made before by a run that died before its sidecar
        size, sha256 = context.archive.stat(target).size, error.kept
    result = Digitized(
        pdfa=Artefact(ArtefactKind.PDFA, target, sha256, size, "application/pdf"),
        pages=tuple(progress.rows),
        pages_run_key=plan.keys["recognize"],
        engine=engine_of_process(plan.recognize.engine, plan.recognize.language).name,
        pages_read=progress.read,
        pages_resumed=progress.resumed,
        finished_at=dt.datetime.now(dt.UTC),
    )
    return context.keep_result(result, document.key, "assemble", key)


def _metadata(document: ReceivedDocument, plan: Plan) -> DocumentMetadata:
    entry = document.entry
    now = dt.datetime.now(dt.UTC)
    return DocumentMetadata(
        title=title(entry),
        subject=f"Bản số hóa từ bản giấy, hồ sơ {entry.document_id}",
        creator=plan.agency,
        document_id=entry.document_id,
        record_type=entry.record_type,
        unit_code=entry.unit_code,
        source_sha256=tuple(artefact.sha256 for artefact in document.originals),
        created_at=now,
        conversion_mark=plan.profile.conversion_text(plan.converter, now) if plan.converter else None,
    )


def _outcome(document: ReceivedDocument, key: str, status: Ending, done: Digitized) -> Outcome:
    return Outcome(
        document_key=document.key,
        stage="assemble",
        status=status,
        run_key=key,
        pages=len(done.pages),
        pages_resumed=done.pages_resumed if status == Ending.DONE else 0,
        artefact=done.pdfa,
    )
