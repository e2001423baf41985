"""Reader processes: a page that does not end, a scan that cannot be opened, the engine's copy left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from manifests.text import PageVerdict
from ocr.options import CaptureOptions, RecognizeOptions
from ocr.page import Encoding
from pipeline.errors import Disposition, WorkerError
from pipeline.readers import Readers
from sample_scans.document import render_document


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sheet = render_document("decision", "laser", 3, 150, clean=True).pages[0]
    top = sheet.crop((0, 0, sheet.width, sheet.height // 5))
    path = tmp_path_factory.mktemp("scan") / "scan.pdf"
    top.save(path, save_all=True, append_images=[top.rotate(180)], resolution=150)
    return path


def test_a_page_that_takes_too_long_loses_its_text_and_not_its_image(scan: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(scan.read_bytes()[:-2000])
    with Readers(CaptureOptions(), RecognizeOptions(), 1) as readers:
        assert readers.survey([scan]).pages == 2
        whole = {page.number: page for page in readers.read([scan], (1, 2))}
        assert {page.text.verdict for page in whole.values()} == {PageVerdict.READ}

        readers._seconds = 0.001  # no page is read in that time, and its reader is killed
        (late,) = readers.read([scan], (1,))
        assert late.text.verdict is PageVerdict.UNREAD and late.text.words == ()
        assert late.visible == whole[1].visible

        readers._seconds = 300.0
        with pytest.raises(WorkerError) as stopped:
            readers.survey([broken])
        assert (stopped.value.code, stopped.value.disposition) == ("unreadable", Disposition.QUARANTINE)
        (again,) = readers.read([scan], (2,))
        assert again.text == whole[2].text
        assert again.visible.encoding is Encoding.JPEG
