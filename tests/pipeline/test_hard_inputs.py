"""Every hard scan through the road of ``sohoa convert``: a valid PDF/A of the same pages, or the reason why not."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hard_scans import DPI, hard_scans
from PIL import Image
from pypdf import PdfReader
from verapdf_service import Judge

from pipeline.convert import Conversion, convert
from pipeline.errors import reason_code
from pipeline.readers import open_readers
from pipeline.settings import Settings

SCANS = {scan.name: scan for scan in hard_scans()}
WHOLE = [name for name, scan in SCANS.items() if not scan.reason]
REFUSED = [name for name, scan in SCANS.items() if scan.reason]


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Conversion | str]:
    """What each scan came to: its conversion, or the code it was refused with; one reader for them all."""
    folder = tmp_path_factory.mktemp("hard")
    settings = Settings(ocr_engine="null", workers=1, legal_profile="hotich-1437")
    found: dict[str, Conversion | str] = {}
    with open_readers(settings) as readers:
        for name, scan in SCANS.items():
            source = folder / name
            source.write_bytes(scan.data)
            try:
                found[name] = convert([source], folder / f"{name}.out.pdf", settings, readers)
            except Exception as error:
                found[name] = reason_code(error)
    return found


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_its_reason(ends: dict[str, Any], name: str) -> None:
    assert ends[name] == SCANS[name].reason


def test_every_output_is_pdfa(ends: dict[str, Any], verapdf: Judge) -> None:
    made = {name: ends[name] for name in WHOLE}
    assert not {name: end for name, end in made.items() if isinstance(end, str)}
    judged = verapdf(*(end.out for end in made.values()))
    assert {path.name: why for path, (valid, why) in judged.items() if not valid} == {}


@pytest.mark.parametrize("name", WHOLE)
def test_pages_keep_number_size_and_look(ends: dict[str, Any], name: str) -> None:
    scan, made = SCANS[name], ends[name]
    assert isinstance(made, Conversion), made
    pages = PdfReader(made.out).pages
    sizes = [(float(page.mediabox.width), float(page.mediabox.height)) for page in pages]
    assert len(sizes) == len(scan.sizes)
    for found, expected in zip(sizes, scan.sizes, strict=True):
        assert found == pytest.approx(expected, abs=2.0)
    if scan.like is not None:
        assert difference(made.out, scan.like) < 8.0


def test_pages_lost_with_the_end_of_a_file_are_told(ends: dict[str, Any]) -> None:
    told = {name: ends[name].damage for name in WHOLE if ends[name].damage}
    assert told == {"broken-chain.tif": ("broken-chain.tif: trang 2 bị hỏng, chỉ đọc được 1 trang; hãy quét lại",)}


def difference(out: Path, like: Image.Image) -> float:
    """Mean grey levels the first page lies off a picture, both small."""
    drawn = subprocess.run(
        ["pdftoppm", "-q", "-gray", "-l", "1", "-scale-to", str(2 * DPI), out], capture_output=True, check=True
    ).stdout
    shown = Image.open(io.BytesIO(drawn)).convert("L")
    small = like.convert("L").resize(shown.size, Image.Resampling.BOX)
    return float(np.abs(np.asarray(shown, np.float32) - np.asarray(small, np.float32)).mean())
