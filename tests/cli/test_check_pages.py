"""``sohoa check`` looks at every page: which physical page should be scanned again, why, and what cannot go on."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image, ImageFilter
from pypdf import PdfReader, PdfWriter

from manifests.documents import DocumentEntry
from manifests.manifest import write_manifest
from pipeline.cli import sohoa
from sample_scans import render_document

DPI = 200
Check = Callable[..., Result]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Checks a drop of documents given as PDFs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("SOHOA_WORKERS", "1")
    batch = tmp_path / "00256" / "L1"
    batch.mkdir(parents=True)

    def checked(documents: dict[str, bytes], *options: str) -> Result:
        entries = []
        for name, data in documents.items():
            (batch / f"{name}.pdf").write_bytes(data)
            digest, pages = hashlib.sha256(data).hexdigest(), len(PdfReader(io.BytesIO(data)).pages)
            entries.append(DocumentEntry(name, (f"{name}.pdf",), (digest,), pages, "birth", "00256", 2019))
        write_manifest(batch / "manifest.csv", entries)
        return CliRunner().invoke(sohoa, ["check", *options, str(batch)])

    return checked


@cache
def sheet(seed: int) -> Image.Image:
    return render_document("decision", "laser", seed, DPI, clean=True).pages[0].convert("RGB")


def pdf(pages: Sequence[Image.Image], dpi: int = DPI) -> bytes:
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=dpi, quality=85)
    return out.getvalue()


def blank() -> Image.Image:
    grain = np.random.default_rng(0).normal((240, 236, 225), 3, (1170, 827, 3))
    return Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8)).resize((1654, 2339))


def folded(page: Image.Image) -> Image.Image:
    pixels = np.array(page)
    cv2.fillPoly(pixels, [np.array([(0, 0), (150, 0), (0, 150)], np.int32)], (12, 12, 12))
    return Image.fromarray(cv2.copyMakeBorder(pixels, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=(12, 12, 12)))


def cut(page: Image.Image) -> Image.Image:
    first = int(np.flatnonzero((np.asarray(page.convert("L")) < 128).any(axis=0))[0])
    return page.crop((first + 16, 0, page.width, page.height))


def faint(page: Image.Image) -> Image.Image:
    return Image.merge(
        "RGB",
        [
            band.point(lambda v, low=low: low + v // 6)
            for band, low in zip(page.split(), (206, 204, 200), strict=True)
        ],
    )


def broken(data: bytes) -> bytes:
    """The second page's picture is cut short."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    (image,) = (entry.get_object() for entry in writer.pages[1]["/Resources"]["/XObject"].values())
    image._data = image._data[: len(image._data) // 2]
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_each_page_that_should_be_scanned_again_is_told_with_why(check: Check) -> None:
    page = sheet(3)
    askew = page.rotate(-5, fillcolor=(255, 255, 255), resample=Image.Resampling.BICUBIC)
    spoiled = [page, page.filter(ImageFilter.GaussianBlur(4)), blank(), folded(page), askew, cut(page), faint(page)]
    coarse = page.resize((page.width * 3 // 4, page.height * 3 // 4))
    documents = {
        "SPOILED": pdf(spoiled),
        "COARSE": pdf([coarse], 150),
        "GOOD": pdf([sheet(5), blank()]),
        "BROKEN": broken(pdf([sheet(5), page])),
    }
    result = check(documents, "--json")
    assert result.exit_code == 3, result.output
    report = json.loads(result.stdout)
    told = {(f["document_id"], f["code"]): f["data"]["pages"] for f in report["faults"]}
    assert told == {
        ("SPOILED", "blur"): "2",
        ("SPOILED", "missing_corner"): "4",
        ("SPOILED", "cropped_text"): "6",
        ("SPOILED", "low_contrast"): "7",
        ("COARSE", "low_dpi"): "1",
        ("BROKEN", "unreadable"): "2",
    }
    assert {document["entry"]["document_id"] for document in report["accepted"]} == {"SPOILED", "COARSE", "GOOD"}
    seen = report["pages"]
    assert (seen["looked"], seen["blank"], seen["mended"], seen["rescan"]) == (12, 2, 1, 5)

    words = check({"COARSE": documents["COARSE"]})
    assert "Đã xem 1 trang: 1 trang nên quét lại, 0 trang trắng" in words.output
    assert "Độ phân giải thấp hơn quy định (trang 1). Quét lại" in words.output
    assert check({"COARSE": documents["COARSE"]}, "--no-pages").output.count("trang 1") == 0
