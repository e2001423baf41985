"""The cheap look into a delivered file: never raises for bad content."""

from __future__ import annotations

import io
import random
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader, PdfWriter

from manifests.reasons import REASONS
from manifests.text import QualityFlag
from ocr.errors import ScanError
from ocr.limits import Limits
from ocr.options import CaptureOptions
from ocr.probe import probe
from ocr.scan import capture_pages
from sample_scans.carriers import encrypted, not_a_scan, pdf_bytes, pdf_with_junk_text
from sample_scans.document import SampleDocument, render_document


@cache
def document() -> SampleDocument:
    return render_document("decision", "laser", 3, 100, clean=True, pages=2)


@cache
def scan() -> bytes:
    return pdf_bytes(document().pages, 100, 70)


def put(folder: Path, data: bytes, name: str = "scan.pdf") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def picture(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    # A copy, because Pillow leaves one format's settings in the image for the next.
    document().pages[0].copy().save(out, kind, **options)
    return out.getvalue()


def test_good_scans(tmp_path: Path) -> None:
    facts = probe(put(tmp_path, scan()))
    assert (facts.media_type, facts.pages, facts.problem, facts.signed) == ("application/pdf", 2, None, False)
    assert facts.flags == ()
    tiff = picture("TIFF", save_all=True, append_images=[document().pages[1].copy()], dpi=(300, 300))
    for data, kind, pages in (
        (tiff, "image/tiff", 2),
        (picture("JPEG"), "image/jpeg", 1),
        (picture("PNG", dpi=(300, 300)), "image/png", 1),
    ):
        # The extension lies each time.
        facts = probe(put(tmp_path, data))
        assert (facts.media_type, facts.pages, facts.problem) == (kind, pages, None)


def test_low_resolution_is_told(tmp_path: Path) -> None:
    assert probe(put(tmp_path, picture("JPEG", dpi=(100, 100)))).flags == (QualityFlag.LOW_DPI,)
    assert probe(put(tmp_path, picture("JPEG", dpi=(200, 200)))).flags == ()


def test_problems_have_their_reason(tmp_path: Path) -> None:
    cases = {
        "file_empty": b"",
        "unsupported_format": not_a_scan(1),
        "encrypted": encrypted(scan(), "mật khẩu"),
        "unreadable": scan()[: len(scan()) // 2],
    }
    for problem, data in cases.items():
        facts = probe(put(tmp_path, data))
        assert facts.problem == problem
        assert facts.pages == 0 and facts.detail
        assert facts.problem in REASONS


def test_limits_have_their_reason(tmp_path: Path) -> None:
    path = put(tmp_path, scan())
    assert probe(path, Limits(max_pages=1)).problem == "too_many_pages"
    image = put(tmp_path, picture("PNG"))
    assert probe(image, Limits(max_pixels=1000)).problem == "image_too_large"
    frames = put(tmp_path, picture("TIFF", save_all=True, append_images=[Image.new("1", (50, 50))] * 3))
    assert probe(frames, Limits(max_pages=3)).problem == "too_many_pages"


def test_an_owners_password_is_no_obstacle_but_told(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(scan())))
    writer.encrypt(user_password="", owner_password="khóa", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    facts = probe(put(tmp_path, out.getvalue()))
    assert facts.problem is None and facts.pages == 2
    assert "mật khẩu" in facts.detail


def test_a_junk_text_layer_is_told(tmp_path: Path) -> None:
    texts = [page.text for page in document().truth.pages]
    facts = probe(put(tmp_path, pdf_with_junk_text(document().pages, texts, 100, 70, 5)))
    assert facts.flags == (QualityFlag.JUNK_TEXT_LAYER,)
    assert facts.problem is None


def test_a_signature_is_seen(tmp_path: Path) -> None:
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(scan())))
    value = DictionaryObject({NameObject("/ByteRange"): ArrayObject([NumberObject(n) for n in (0, 10, 20, 30)])})
    field = DictionaryObject({NameObject("/FT"): NameObject("/Sig"), NameObject("/V"): writer._add_object(value)})
    form = DictionaryObject({NameObject("/Fields"): ArrayObject([writer._add_object(field)])})
    writer._root_object[NameObject("/AcroForm")] = writer._add_object(form)
    out = io.BytesIO()
    writer.write(out)
    assert probe(put(tmp_path, out.getvalue())).signed

    # A field that waits for its signature is no signature.
    del field[NameObject("/V")]
    out = io.BytesIO()
    writer.write(out)
    assert not probe(put(tmp_path, out.getvalue())).signed


def test_a_page_tree_that_loops_ends(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(scan())))
    pages = writer._root_object["/Pages"].get_object()
    pages["/Kids"].append(pages.indirect_reference)
    out = io.BytesIO()
    writer.write(out)
    facts = probe(put(tmp_path, out.getvalue()))
    assert facts.problem == "unreadable" or facts.pages == 2


@pytest.mark.parametrize("kind", ["pdf", "tiff", "jpeg", "png"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_damaged_bytes_never_raise(tmp_path: Path, kind: str, seed: int) -> None:
    rng = random.Random(seed)
    data = bytearray(scan() if kind == "pdf" else picture(kind.upper()))
    for _ in range(rng.randint(1, 40)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    if rng.random() < 0.5:
        del data[rng.randrange(len(data)) :]
    facts = probe(put(tmp_path, bytes(data)))
    assert facts.problem is None or facts.problem in REASONS
    assert (facts.pages == 0) == (facts.problem is not None)


@pytest.mark.parametrize("kind", ["pdf", "tiff", "jpeg", "png"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_damaged_pages_end_in_an_error_of_this_room(tmp_path: Path, kind: str, seed: int) -> None:
    rng = random.Random(seed)
    data = bytearray(scan() if kind == "pdf" else picture(kind.upper()))
    for _ in range(rng.randint(1, 30)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    path = put(tmp_path, bytes(data))
    try:
        for page in capture_pages([path], CaptureOptions(max_pixels=20_000_000), only=lambda number: number == 1):
            assert page.visible.width > 0 and (page.ocr_image.size > 0 or page.facts.blank)
    except ScanError as error:
        assert error.code in REASONS and error.file
