"""Makes a whole intake: batches with scans and manifests, their truth, and the inventory they are part of."""

from __future__ import annotations

import hashlib
import random
import shutil
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from manifests.documents import DocumentEntry, Medium
from manifests.inventory import InventoryLine, write_inventory
from manifests.serial import to_json
from sample_scans.carriers import CARRIERS, write_scan
from sample_scans.document import SampleTruth, render_document
from sample_scans.faults import DUPLICATES, KINDS, LOW_DPI, spoil_entry, spoil_files
from sample_scans.plan import BatchPlan, Job, plan
from sample_scans.tables import write_form
from sample_scans.truth import DeliberateFault, DocumentTruth, place

Sign = Callable[[Path, Path], None]


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What was made.

    Attributes:
        batches: Batch keys, ``<unit>/<batch>``.
        faults: How often each deliberate fault is in it.
        left_out: Faults that could not be made, each with the reason.
    """

    out: Path
    batches: tuple[str, ...]
    documents: int
    pages: int
    files: int
    faults: dict[str, int]
    left_out: dict[str, str]
    inventory_records: int


@dataclass(frozen=True, slots=True)
class _Made:
    entry: DocumentEntry
    truth: DocumentTruth


def generate(
    out: Path,
    *,
    seed: int,
    documents: int,
    dpi: int = 200,
    faults: bool = True,
    jobs: int = 1,
    sign: Sign | None = None,
    progress: Callable[[str], None] | None = None,
) -> SampleSummary:
    """Write ``intake/``, ``truth/`` and ``inventory.csv`` under ``out``; the same arguments give the same files
    (but for what openpyxl and a signer put in: times).

    Args:
        out: Folder to write to; its ``intake/`` and ``truth/`` must not exist yet.
        documents: How many; from 24 on every kind of fault appears.
        jobs: Processes that draw.
        sign: Signs a PDF (source, target) for the already signed input; without it that fault is left out.
        progress: Told the key of each finished document.

    Raises:
        FileExistsError: ``out`` already holds a sample; choose another folder or remove it.
        FontsMissingError: Fonts with full Vietnamese are missing; says which to install.
    """
    for name in ("intake", "truth"):
        (out / name).mkdir(parents=True)
    batches = plan(seed, documents, dpi, faults=faults, signer=sign is not None)
    made: dict[str, _Made] = {}
    drawn = [job for _, group in batches for job in group if job.fault not in DUPLICATES]
    with _workers(jobs) as run:
        for job, one in zip(drawn, run(drawn, out / "intake"), strict=True):
            made[job.key] = one
            if progress:
                progress(job.key)
    first = batches[0][1][0]
    for batch, group in batches:
        folder = out / "intake" / batch.unit_code / batch.batch_id
        for job in group:
            if job.fault in DUPLICATES:
                original = group[0] if job.fault == "duplicate_in_batch" else first
                made[job.key] = _copy(job, original, made[original.key], out / "intake")
            elif job.fault == "already_signed" and sign is not None:
                made[job.key] = _signed(made[job.key], folder, sign)
        _deliver(batch, [made[job.key] for job in group], folder, out / "truth")
    lines = _inventory(list(made.values()), seed)
    write_inventory(out / "inventory.csv", lines)
    return _summary(out, batches, made, lines, faults=faults, signed=sign is not None)


@contextmanager
def _workers(jobs: int) -> Iterator[Callable[[list[Job], Path], Iterator[_Made]]]:
    if jobs <= 1:
        yield lambda todo, intake: (make_document(job, intake) for job in todo)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield lambda todo, intake: pool.map(make_document, todo, [intake] * len(todo))


def make_document(job: Job, intake: Path) -> _Made:
    """Draw one document, write its files into its batch folder, spoil it if it is to be spoilt."""
    folder = intake / job.unit_code / job.batch_id
    folder.mkdir(parents=True, exist_ok=True)
    document = render_document(
        job.record_type,
        job.era,
        job.seed,
        job.dpi,
        year=job.year,
        place=job.place,
        months=job.months,
        blank_back=job.blank_back,
        mode=CARRIERS[job.carrier],
        scan_dpi=LOW_DPI if job.fault == "low_dpi" else None,
    )
    # a Mac writes decomposed names, and that is where decomposed manifests come from
    stem = unicodedata.normalize("NFD", job.stem)
    pages = list(document.pages)
    files = write_scan(pages, job.carrier, folder, stem, document.dpi, document.quality)
    texts = [page.text for page in document.truth.pages]
    if job.fault:
        files = spoil_files(job.fault, files, pages, texts, document.dpi, int(_digest(job.seed.encode())[:8], 16))
    digests = tuple(_digest(path.read_bytes()) for path in files)
    keyed = {field.name: field.transcription for field in document.truth.fields if field.name in job.keyed}
    wrong = _miskey(keyed, job) if job.fault == "keyed_wrong" else None
    rng = random.Random(f"{job.seed}/row")
    values = {field.name: field.transcription for field in document.truth.fields}
    entry = DocumentEntry(
        document_id=job.document_id,
        files=tuple(path.name for path in files),
        sha256=digests,
        pages=len(pages),
        record_type=job.record_type,
        unit_code=job.place.code,
        year=job.year,
        keyed=keyed,
        medium=Medium(document.truth.medium),
        book=values.get("book") if rng.random() < 0.5 else None,
        number=values.get("number") if rng.random() < 0.5 else None,
    )
    truth = _truth(job, document.truth, entry, wrong)
    if job.fault == "missing_file":
        files[-1].unlink()
    return _Made(spoil_entry(job.fault, entry) if job.fault else entry, truth)


def _truth(job: Job, sample: SampleTruth, entry: DocumentEntry, wrong: str | None) -> DocumentTruth:
    kind = KINDS[job.fault] if job.fault else None
    loose = len(entry.files) > 1
    pages = tuple(
        place(page, entry.files[index if loose else 0], 1 if loose else index + 1)
        for index, page in enumerate(sample.pages)
    )
    return DocumentTruth(
        document_id=entry.document_id,
        unit_code=entry.unit_code,
        batch=f"{job.unit_code}/{job.batch_id}",
        record_type=job.record_type,
        year=job.year,
        era=job.era,
        title=sample.title,
        carrier=job.carrier,
        files=entry.files,
        pages=entry.pages,
        fields=sample.fields,
        absent=sample.absent,
        page_truth=pages,
        keyed=entry.keyed,
        fault=DeliberateFault(kind.name, kind.reason, kind.severity, field=wrong) if kind else None,
    )


def _miskey(keyed: dict[str, str], job: Job) -> str:
    """Key another value for the first field; returns its name."""
    name = next(iter(keyed))
    words = keyed[name].split()
    keyed[name] = " ".join([*words[:-1], "Khác" if words[-1] != "Khác" else "Lạ"])
    return name


def _copy(job: Job, original: Job, source: _Made, intake: Path) -> _Made:
    """The same bytes under another id."""
    old, new = (intake / one.unit_code / one.batch_id for one in (original, job))
    names: list[str] = []
    for index, name in enumerate(source.entry.files, start=1):
        suffix = Path(name).suffix
        names.append(f"{job.stem}{suffix}" if len(source.entry.files) == 1 else f"{job.stem}_{index:02d}{suffix}")
        shutil.copyfile(old / name, new / names[-1])
    kind = KINDS[job.fault or ""]
    entry = replace(source.entry, document_id=job.document_id, files=tuple(names))
    pages = tuple(replace(page, file=names[source.entry.files.index(page.file)]) for page in source.truth.page_truth)
    return _Made(
        entry,
        replace(
            source.truth,
            document_id=job.document_id,
            batch=f"{job.unit_code}/{job.batch_id}",
            files=tuple(names),
            page_truth=pages,
            fault=DeliberateFault(kind.name, kind.reason, kind.severity, other=original.key),
        ),
    )


def _signed(made: _Made, folder: Path, sign: Sign) -> _Made:
    path = folder / made.entry.files[0]
    unsigned = path.with_suffix(".unsigned")
    path.rename(unsigned)
    sign(unsigned, path)
    unsigned.unlink()
    return replace(made, entry=replace(made.entry, sha256=(_digest(path.read_bytes()),)))


def _deliver(batch: BatchPlan, made: list[_Made], folder: Path, truth: Path) -> None:
    """Manifest, truth, and last of all the sign that the drop is complete."""
    home = truth / batch.unit_code / batch.batch_id
    home.mkdir(parents=True)
    for one in made:
        (home / f"{one.entry.document_id}.json").write_bytes(to_json(one.truth))
    write_form(folder, [one.entry for one in made], batch.table)
    (folder / "_READY").touch()


def _inventory(made: list[_Made], seed: int) -> list[InventoryLine]:
    """What the units declare to hold: everything delivered and some more, so that nobody is at 100 %."""
    rng = random.Random(f"{seed}/inventory")
    records: Counter[tuple[str, str, int]] = Counter()
    pages: Counter[tuple[str, str, int]] = Counter()
    for one in made:
        key = (one.entry.unit_code, one.entry.record_type, one.entry.year)
        records[key] += 1
        pages[key] += len(one.truth.page_truth)
    for key in list(records):
        more = rng.choice((0, 0, 1, 1, 2, 3))
        records[key] += more
        pages[key] += more
    for code in sorted({key[0] for key in records}):
        years = sorted(key[2] for key in records if key[0] == code)
        extra = (code, rng.choice(("birth", "death", "marriage")), max(years[0], years[-1] - 1))
        records[extra] += 2
        pages[extra] += 2
    return [
        InventoryLine(*key, records=count, files=count, pages=pages[key]) for key, count in sorted(records.items())
    ]


def _summary(
    out: Path,
    batches: list[tuple[BatchPlan, list[Job]]],
    made: dict[str, _Made],
    lines: list[InventoryLine],
    *,
    faults: bool,
    signed: bool,
) -> SampleSummary:
    found = Counter(one.truth.fault.kind for one in made.values() if one.truth.fault)
    left_out = {kind: "the sample is too small; ask for 24 documents or more" for kind in KINDS if not found[kind]}
    if not signed:
        left_out["already_signed"] = "no signer was given; see --signer-command"
    return SampleSummary(
        out=out,
        batches=tuple(f"{batch.unit_code}/{batch.batch_id}" for batch, _ in batches),
        documents=len(made),
        pages=sum(len(one.truth.page_truth) for one in made.values()),
        files=sum(
            1 for path in (out / "intake").rglob("*") if path.is_file() and path.suffix not in ("", ".csv", ".xlsx")
        ),
        faults=dict(found),
        left_out=left_out if faults else {},
        inventory_records=sum(line.records for line in lines),
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
