"""Every profile as it is seen: who, where, what is covered, the mark, the code, the seal – and still PDF/A."""

from __future__ import annotations

import io
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signing.codes import make_code
from signing.errors import SettingsError
from signing.keys import Signer
from signing.profiles import SignerKind, find_profile
from signing.seals import read_seal
from signing.settings import TrustSettings
from signing.sign import SigningDetails
from signing.stage import sign_document, signing_tasks

LINK = "https://kho.example.gov.vn/ho-so/00256-2024-000123"
CONVERTER = "Nguyễn Thị Thử Nghiệm"
AGENCY = "Ủy ban nhân dân phường Thử Nghiệm"


@pytest.fixture(scope="module")
def seal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fictional seal: a ring on white paper."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (500, 500), "white")
    drawing = ImageDraw.Draw(image)
    drawing.ellipse((10, 10, 489, 489), outline=(205, 20, 30), width=16)
    drawing.line((120, 250, 380, 250), fill=(205, 20, 30), width=40)
    path = tmp_path_factory.mktemp("seal") / "dau-thu.png"
    image.save(path, dpi=(353, 353))
    return path


@pytest.fixture
def sign(agency: Signer, person: Signer, trust: TrustSettings, seal: Path, tmp_path: Path) -> Callable[..., Path]:
    keys = {SignerKind.AGENCY: agency, SignerKind.PERSON: person}

    def make(source: Path, profile: str, **details: Any) -> Path:
        target = tmp_path / f"{profile}.pdf"
        told = SigningDetails(AGENCY, person=CONVERTER, converter=CONVERTER, seal=seal, link=LINK, **details)
        tasks = signing_tasks(find_profile(profile), keys.__getitem__, told, countersigned=True)
        facts = sign_document(source, target, tasks, timestamper=None, trust=trust).signatures
        assert all(fact.intact and fact.trusted for fact in facts)
        made = [fact.signer for fact in facts][-len(tasks) :]
        assert made == [task.signer.subject for task in tasks]
        return target

    return make


def text(path: Path, left: int = 0, top: int = 0, width: int = 595, height: int = 842) -> str:
    area = ("-x", str(left), "-y", str(top), "-W", str(width), "-H", str(height))
    command = ["pdftotext", "-f", "1", "-l", "1", *area, str(path), "-"]
    return " ".join(subprocess.run(command, capture_output=True, check=True, text=True).stdout.split())


def picture(path: Path, dpi: int = 72) -> Any:
    from PIL import Image

    command = ["pdftoppm", "-r", str(dpi), "-cropbox", "-f", "1", "-l", "1", "-png", str(path)]
    return Image.open(io.BytesIO(subprocess.run(command, capture_output=True, check=True).stdout)).convert("RGB")


def test_person_and_agency_sign_in_order_side_by_side(sign: Callable[..., Path], pdfa: Path) -> None:
    signed = sign(pdfa, "tt01-2023")
    left, right = text(signed, 0, 0, 250, 80), text(signed, 330, 0, 265, 80)
    assert left.startswith(f"Người số hóa: {CONVERTER} {AGENCY} Thời gian ký: ")
    assert right.startswith(f"{AGENCY} Thời gian ký: ")
    rects = _rectangles(signed)
    assert len(rects) == 2
    (first, second) = rects
    assert first[2] < second[0] or second[2] < first[0], "the two do not overlap"
    assert first[0] < 20
    assert second[2] > 575


@pytest.mark.parametrize("profile", ["nd30-2020", "tt01-2023", "tt02-2019", "cv7197-2025"])
def test_the_mark_is_seen_once_with_time_and_name(profile: str, sign: Callable[..., Path], pdfa: Path) -> None:
    signed = sign(pdfa, profile)
    assert text(signed).count("Được chuyển đổi từ văn bản giấy lúc") == 1
    assert f"người chuyển đổi: {CONVERTER}" in text(signed)
    at_the_foot = "Được chuyển đổi" in text(signed, 0, 760, 595, 82)
    assert at_the_foot == (find_profile(profile).conversion_mark_place == "page")


def test_the_mark_of_a_file_signed_before_stands_in_the_block(sign: Callable[..., Path], pdfa: Path) -> None:
    first = sign(pdfa, "cv7197-2025")
    second = sign(first, "nd30-2020")
    assert "Được chuyển đổi" not in text(second, 0, 760, 595, 82)
    assert text(second).count("Được chuyển đổi từ văn bản giấy lúc") == 2


def test_a_reader_of_codes_finds_the_records_page(sign: Callable[..., Path], pdfa: Path) -> None:
    import cv2
    import numpy as np

    for profile in ("nd30-2020", "cv7197-2025"):
        page = np.array(picture(sign(pdfa, profile), 200))
        found, _, _ = cv2.QRCodeDetector().detectAndDecode(page)
        assert found == LINK, profile


def test_a_code_too_fine_for_paper_is_refused() -> None:
    with pytest.raises(SettingsError, match="shorten"):
        make_code("https://x.vn/" + "a" * 300)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("profile", ["nd30-2020", "tt01-2023"])
def test_where_there_is_room_nothing_covers_words(
    rotate: int, profile: str, sign: Callable[..., Path], pdfa: Path, tmp_path: Path
) -> None:
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=pdfa)
    for page in writer.pages:
        page.rotate(rotate)
    source = tmp_path / "turned.pdf"
    writer.write(source)
    before = picture(source)
    words = _ink(before)
    shares = tuple(
        (box[0] / before.width, box[1] / before.height, box[2] / before.width, box[3] / before.height)
        for box in words
    )
    after = picture(sign(source, profile, occupied=shares))
    for box in words:
        assert after.crop(box).tobytes() == before.crop(box).tobytes(), "the words are as they were"
    assert after.tobytes() != before.tobytes()


@pytest.mark.parametrize("size", [(1191, 842), (842, 1191), (300, 420), (150, 110)])
@pytest.mark.parametrize("profile", ["nd30-2020", "tt01-2023", "tt02-2019", "cv7197-2025"])
def test_any_paper_and_any_profile(
    size: tuple[float, float], profile: str, sign: Callable[..., Path], make_pdf: Callable[..., Path]
) -> None:
    source = make_pdf(f"paper-{size[0]}.pdf", size=size, pages=1)
    signed = sign(source, profile)
    for left, low, right, top in _rectangles(signed):
        assert -0.01 <= left < right <= size[0] + 0.01
        assert -0.01 <= low < top <= size[1] + 0.01


@pytest.mark.verapdf
def test_all_of_it_stays_pdfa(sign: Callable[..., Path], pdfa: Path, verapdf: Any) -> None:
    files = [sign(pdfa, name) for name in ("nd30-2020", "tt01-2023", "tt02-2019", "cv7197-2025")]
    for path, (valid, why) in verapdf(*files, flavour="2u").items():
        assert valid, (path.name, why)


def test_a_seal_covers_no_paper_and_has_its_real_size(seal: Path) -> None:
    found = read_seal(seal)
    assert found.size[0] == pytest.approx(36 * 72 / 25.4, rel=0.01), "500 pixels at 353 dpi are 36 mm"
    alpha = found.image.split()[3]
    assert alpha.size == (425, 425), "36 mm at 300 dpi"
    assert alpha.getpixel((212, 102)) == 0, "white paper is gone"
    assert alpha.getpixel((212, 212)) > 200, "red ink is not"
    assert read_seal(seal, 42).size[0] == pytest.approx(42 * 72 / 25.4)


def _png(path: Path, mode: str, size: tuple[int, int], colour: Any, dpi: int | None = 353) -> Path:
    from PIL import Image

    Image.new(mode, size, colour).save(path, **({"dpi": (dpi, dpi)} if dpi else {}))
    return path


def _bomb(path: Path) -> Path:
    """A PNG that says it is 40,000 pixels wide."""
    _png(path, "L", (1, 1), 0)
    data = bytearray(path.read_bytes())
    data[16:24] = (40_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda path: _png(path, "RGB", (500, 500), (20, 20, 200)), "not red"),
        (lambda path: _png(path, "RGB", (500, 500), "white"), "not red"),
        (lambda path: _png(path, "RGBA", (500, 500), (255, 0, 0, 0)), "not red"),
        (lambda path: _png(path, "RGB", (500, 500), (200, 0, 0), dpi=None), "SOHOA_SEAL_WIDTH"),
        (lambda path: _png(path, "RGB", (500, 500), (200, 0, 0), dpi=72), "176 × 176 mm"),
        (lambda path: _png(path, "RGB", (500, 20), (200, 0, 0)), "36 × 1 mm"),
        (lambda path: _png(path, "RGB", (2001, 10), (200, 0, 0)), "2000 pixels"),
        (_bomb, "2000 pixels|not a readable PNG"),
        (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5_000_000)), "4 MB"),
        (lambda path: path.write_bytes(b"GIF89a"), "not a readable PNG"),
        (lambda path: path.mkdir(), "not a readable PNG"),
        (lambda path: None, "not a readable PNG"),
    ],
)
def test_what_is_no_seal_is_refused(make: Callable[[Path], Any], complaint: str, tmp_path: Path) -> None:
    make(tmp_path / "dau.png")
    with pytest.raises(SettingsError, match=complaint):
        read_seal(tmp_path / "dau.png")


def _rectangles(path: Path) -> list[tuple[float, ...]]:
    from pypdf import PdfReader

    notes = PdfReader(path).pages[0].get("/Annots", [])
    return [tuple(float(value) for value in note.get_object()["/Rect"]) for note in notes]


def _ink(page: Any) -> list[tuple[int, int, int, int]]:
    """Boxes of the words of a page, from its picture."""
    import cv2
    import numpy as np

    dark = (np.array(page.convert("L")) < 160).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(dark, np.ones((9, 9), np.uint8)))
    return [(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h, _ in stats[1:]]
