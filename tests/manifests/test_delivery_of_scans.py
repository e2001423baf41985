"""The check with the real probe over real files, as ``sohoa check`` runs it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from fpdf import FPDF
from PIL import Image
from pypdf import PdfReader, PdfWriter

from manifests.delivery import DeliveryReport, check_delivery
from manifests.documents import BatchRef, DocumentEntry
from manifests.manifest import write_manifest
from manifests.verdict import verdict_lines
from ocr.probe import probe

Make = Callable[[Path], None]


def paper(shade: int) -> Image.Image:
    """A small page with some ink; ``shade`` keeps two of them apart."""
    image = Image.new("L", (600, 850), 255)
    image.paste(shade, (100, 100, 500, 140))
    return image


def pdf(pages: int, shade: int) -> Make:
    def make(path: Path) -> None:
        document = FPDF()
        for page in range(pages):
            document.add_page()
            document.image(paper(shade + page), 0, 0, 210)
        document.output(str(path))

    return make


def encrypted(path: Path) -> None:
    pdf(1, 60)(path)
    writer = PdfWriter(clone_from=PdfReader(path))
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(path)


def truncated(path: Path) -> None:
    pdf(2, 90)(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 3])


def tiff(path: Path) -> None:
    paper(10).save(path, save_all=True, append_images=[paper(20), paper(30)], dpi=(300, 300))


def deliver(folder: Path, documents: dict[str, tuple[str, Make, int]]) -> DeliveryReport:
    entries = []
    for document_id, (suffix, make, pages) in documents.items():
        path = folder / f"{document_id}{suffix}"
        make(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        entries.append(DocumentEntry(document_id, (path.name,), (digest,), pages, "birth", "00256", 1998))
    write_manifest(folder / "manifest.xlsx", entries, vietnamese=True)
    return check_delivery(folder, BatchRef("00256", "A"), probe=probe)


def test_a_mixed_drop_of_real_files(tmp_path: Path) -> None:
    report = deliver(
        tmp_path,
        {
            "GOOD-PDF": (".pdf", pdf(2, 1), 2),
            "GOOD-TIFF": (".tif", tiff, 3),
            "GOOD-JPEG": (".jpg", lambda path: paper(40).save(path, dpi=(300, 300)), 1),
            "FEWER": (".pdf", pdf(1, 50), 2),
            "LOCKED": (".pdf", encrypted, 1),
            "CUT": (".pdf", truncated, 2),
            "WORD": (".pdf", lambda path: path.write_bytes(b"{\\rtf1 hello}") and None, 1),
            "LOWDPI": (".png", lambda path: paper(70).save(path, dpi=(70, 70)), 1),
        },
    )
    assert {document.entry.document_id for document in report.accepted} == {
        "GOOD-PDF",
        "GOOD-TIFF",
        "GOOD-JPEG",
        "LOWDPI",
    }
    refused = {document_id: [fault.code for fault in found] for document_id, found in report.refused.items()}
    assert refused == {
        "FEWER": ["page_count_mismatch"],
        "LOCKED": ["encrypted"],
        "CUT": ["unreadable"],
        "WORD": ["unsupported_format"],
    }
    low = next(document for document in report.accepted if document.entry.document_id == "LOWDPI")
    assert [fault.code for fault in low.warnings] == ["low_dpi"]
    text = "\n".join(verdict_lines(report))
    assert "4 hồ sơ đạt (trong đó 1 hồ sơ có điều cần xem), 4 hồ sơ bị loại" in text


def test_a_name_is_not_trusted_for_what_a_file_is(tmp_path: Path) -> None:
    report = deliver(tmp_path, {"A": (".jpg", pdf(1, 5), 1)})
    (document,) = report.accepted
    assert document.files[0].media_type == "application/pdf"
