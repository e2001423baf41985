from __future__ import annotations

import datetime as dt
import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import ProfileError, SettingsError
from signing.fonts import alphabet, find_font
from signing.keys import Signer
from signing.placement import Frame, place
from signing.profiles import find_profile, parse_profile
from signing.settings import TrustSettings
from signing.sign import SigningDetails, sign_pdf
from signing.verify import verify_pdf
from signing.visible import Placed, mark_wording, place_mark, place_signature, signature_wording

A4 = (0.0, 0.0, 595.0, 842.0)
BLOCK = (170.0, 40.0)
SIDES = st.floats(60, 2400)


@given(
    width=SIDES,
    height=SIDES,
    rotate=st.sampled_from([0, 90, 180, 270]),
    right=st.booleans(),
    wide=st.floats(20, 400),
    high=st.floats(10, 120),
    corner=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
)
def test_the_block_lies_inside_the_page_at_its_corner(
    width: float, height: float, rotate: int, right: bool, wide: float, high: float, corner: tuple[float, float]
) -> None:
    box = (corner[0], corner[1], corner[0] + width, corner[1] + height)
    frame = Frame(box, rotate)
    rect = place(frame, (wide, high), right=right, margin=12).rect
    for low, value, top in ((box[0], rect[0], box[2]), (box[1], rect[1], box[3])):
        assert low - 0.01 <= value <= top + 0.01
    assert rect[2] <= box[2] + 0.01
    assert rect[3] <= box[3] + 0.01
    left, bottom, far, top = frame.to_view(rect)
    view_width, view_height = frame.size
    assert view_height - top <= 12.01, "at the top"
    assert (view_width - far if right else left) <= 12.01, "at its side"
    assert bottom >= -0.01


@given(rotate=st.sampled_from([0, 90, 180, 270]), rect=st.tuples(*[st.floats(0, 500)] * 4))
def test_view_and_page_space_undo_each_other(rotate: int, rect: tuple[float, float, float, float]) -> None:
    ordered = min(rect[0], rect[2]), min(rect[1], rect[3]), max(rect[0], rect[2]), max(rect[1], rect[3])
    frame = Frame((10, 20, 605, 862), rotate)
    assert frame.to_view(frame.to_page(ordered)) == pytest.approx(ordered)


def test_it_moves_off_the_text_when_there_is_room() -> None:
    frame = Frame(A4, 0)
    heading = frame.from_share((0.45, 0.01, 0.97, 0.05))
    rect = place(frame, BLOCK, right=True, margin=12, occupied=[heading]).rect
    assert rect[3] <= heading[1], "below the heading"
    assert rect[2] == pytest.approx(595 - 12), "still at the right"


def test_on_a_full_page_it_takes_its_corner() -> None:
    frame = Frame(A4, 0)
    rect = place(frame, BLOCK, right=True, margin=12, occupied=[A4]).rect
    assert rect == pytest.approx((595 - 12 - 170, 842 - 12 - 40, 595 - 12, 842 - 12))


PLAIN = SigningDetails(agency="Ủy ban nhân dân phường Thử Nghiệm", converter="Nguyễn Thị Thử Nghiệm")


BLOCK_ONLY = parse_profile(
    "block-only",
    """
name = "block-only"
version = "1"
based_on = "nd30-2020"
[rules]
conversion_mark_place = { value = "metadata", source = "these tests look at the block alone", confirmed = false }
""",
)


def turned(source: Path, target: Path, angle: int, crop: bool) -> Path:
    from pypdf import PdfWriter
    from pypdf.generic import RectangleObject

    writer = PdfWriter(clone_from=source)
    for page in writer.pages:
        page.rotate(angle)
        if crop:
            page.cropbox = RectangleObject((40, 30, page.mediabox.right - 50, page.mediabox.top - 60))
    writer.write(target)
    return target


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [False, True])
def test_on_a_turned_page_the_text_stands_upright_in_its_corner(
    angle: int, crop: bool, pdfa: Path, agency: Signer, trust: TrustSettings, timestamper: Any, tmp_path: Path
) -> None:
    source = turned(pdfa, tmp_path / "turned.pdf", angle, crop)
    target = tmp_path / "signed.pdf"
    sign_pdf(
        source,
        target,
        profile=BLOCK_ONLY,
        signer=agency,
        timestamper=timestamper,
        details=PLAIN,
    )
    (fact,) = verify_pdf(target, trust=trust)
    assert fact.valid
    width, height = ink_size(target)
    left, top, right, bottom = ink_box(target, source)
    assert right > 0.93 * width
    assert left > 0.5 * width
    assert top < 0.04 * height
    assert right - left > 2.5 * (bottom - top), "three lines of text are wider than high"


@pytest.mark.parametrize("size", [(1191, 842), (842, 1191), (300, 420), (120, 90)])
def test_any_paper(
    size: tuple[float, float], make_pdf: Callable[..., Path], agency: Signer, timestamper: Any, tmp_path: Path
) -> None:
    source = make_pdf(f"{size[0]}x{size[1]}.pdf", size=size, pages=1)
    target = tmp_path / "signed.pdf"
    sign_pdf(
        source,
        target,
        profile=BLOCK_ONLY,
        signer=agency,
        timestamper=timestamper,
        details=PLAIN,
    )
    width, height = ink_size(target)
    left, _, right, bottom = ink_box(target, source)
    assert right <= width
    assert bottom < 0.45 * height
    assert (left > 0.5 * width) == (size[0] > 400)


def render(path: Path) -> Any:
    """Page 1 as the reader sees it, grey, 72 dots per inch: a pixel a point."""
    from PIL import Image

    command = ["pdftoppm", "-r", "72", "-gray", "-cropbox", "-f", "1", "-l", "1", str(path)]
    return Image.open(io.BytesIO(subprocess.run(command, capture_output=True, check=True).stdout))


def ink_size(path: Path) -> tuple[int, int]:
    size: tuple[int, int] = render(path).size
    return size


def ink_box(signed: Path, source: Path) -> tuple[int, int, int, int]:
    """Where the signed page differs from its source."""
    from PIL import ImageChops

    box = ImageChops.difference(render(signed), render(source)).getbbox()
    assert box is not None, "the signature shows"
    found: tuple[int, int, int, int] = box
    return found


def test_the_font_writes_all_of_vietnamese() -> None:
    font = find_font("Times New Roman")
    assert font.family in ("Times New Roman", "Liberation Serif", "DejaVu Serif")
    assert set(alphabet()) <= set(font.widths)
    assert len(font.data) < 100_000


def test_lines_break_between_words_and_keep_them_all() -> None:
    font = find_font("Times New Roman")
    text = "Ủy ban nhân dân phường Hai Bà Trưng, thành phố Hà Nội"
    lines = font.wrap(text, 10, 120)
    assert len(lines) > 1
    assert " ".join(lines) == text
    assert all(font.width(line, 10) <= 120 for line in lines)


def test_a_block_that_would_cover_text_is_set_wider() -> None:
    profile = find_profile("cv7197-2025")
    details = SigningDetails(agency="Ủy ban nhân dân phường Thử Nghiệm, thành phố Hà Nội", person="Nguyễn Thị Thử")
    wording = signature_wording(profile, profile.signer, details, dt.datetime.now(dt.UTC), mark=True)
    frame, rules = Frame(A4, 0), profile.signatures[0]
    free = place_signature(wording, rules, details, frame, ())
    # Text from 60 points below the top edge on: the narrow block is too high for the strip above it.
    below = (0.0, 0.0, 595.0, 842.0 - 60)
    squeezed = place_signature(wording, rules, details, frame, (below,))
    assert len(squeezed.block.lines) < len(free.block.lines)
    assert squeezed.rect[1] >= below[3]


def placed(profile: str, *taken: tuple[float, float, float, float]) -> tuple[Any, Any]:
    """Block and rectangle of the first signature on an A4 page of which ``taken`` (view rectangles) is not free."""
    made = place_on_a4(profile, *taken)
    return made.block, made.rect


def place_on_a4(profile: str, *taken: tuple[float, float, float, float]) -> Placed:
    rules = find_profile(profile)
    wording = signature_wording(rules, rules.signer, DETAILS, dt.datetime.now(dt.UTC), mark=False)
    return place_signature(wording, rules.signatures[0], DETAILS, Frame(A4, 0), taken)


def covers(rect: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return rect[0] < other[2] - 1 and rect[2] > other[0] + 1 and rect[1] < other[3] - 1 and rect[3] > other[1] + 1


DETAILS = SigningDetails(agency="Ủy ban nhân dân phường Thử Nghiệm", person="Nguyễn Thị Thử Nghiệm")


def test_it_becomes_narrow_for_the_margin_rather_than_cover_the_page() -> None:
    full = (75.0, 0.0, 595.0, 842.0)
    block, rect = placed("tt01-2023", full)
    assert not covers(rect, full)
    assert rect[3] > 842 - 60, "still at the top"
    assert len(block.lines) > 3


def test_it_stays_on_its_side_of_the_page() -> None:
    left = (0.0, 0.0, 290.0, 842.0)
    _, rect = placed("tt01-2023", left)
    assert rect[2] <= 298, "top left is top left, though the right half is free"


def test_the_mark_goes_beside_a_seal_at_the_foot_and_to_the_head_when_the_foot_is_full() -> None:
    profile, frame = find_profile("nd30-2020"), Frame(A4, 0)
    wording = mark_wording(profile, DETAILS, dt.datetime.now(dt.UTC))
    seal = (280.0, 0.0, 595.0, 150.0)
    beside = place_mark(wording, profile.signatures[0], DETAILS, frame, (seal,)).rect
    assert not covers(beside, seal)
    assert beside[3] < 80, "at the foot, beside the seal and not above it"
    body = (0.0, 0.0, 595.0, 800.0)
    above = place_mark(wording, profile.signatures[0], DETAILS, frame, (body,)).rect
    assert not covers(above, body)


def test_how_much_of_a_page_without_room_is_covered_is_told() -> None:
    made = place_on_a4("nd30-2020", A4)
    left, bottom, right, top = made.rect
    assert made.covered == pytest.approx((right - left) * (top - bottom) * (25.4 / 72) ** 2, abs=0.5)
    assert place_on_a4("nd30-2020").covered == 0


def test_letters_no_font_writes_are_refused_before_anything_is_written(
    pdfa: Path, agency: Signer, tmp_path: Path
) -> None:
    with pytest.raises(ProfileError, match=r"\\u4e2d"):
        sign_pdf(
            pdfa,
            tmp_path / "out.pdf",
            profile=BLOCK_ONLY,
            signer=agency,
            timestamper=None,
            details=SigningDetails(agency="Ủy ban 中"),
        )
    assert not list(tmp_path.iterdir())


def test_a_profile_with_a_seal_shows_it_at_its_real_size(
    pdfa: Path, agency: Signer, trust: TrustSettings, tmp_path: Path
) -> None:
    from PIL import Image, ImageDraw

    seal = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    ImageDraw.Draw(seal).ellipse((0, 0, 299, 299), fill=(200, 0, 0, 255))
    seal.save(tmp_path / "seal.png", dpi=(300, 300))
    target, profile = tmp_path / "out.pdf", find_profile("tt02-2019")
    plain = SigningDetails(agency="Ủy ban nhân dân phường Thử Nghiệm")
    with pytest.raises(ProfileError, match="seal"):
        sign_pdf(pdfa, target, profile=profile, signer=agency, timestamper=None, details=plain)
    details = SigningDetails(agency=plain.agency, seal=tmp_path / "seal.png")
    sign_pdf(pdfa, target, profile=profile, signer=agency, timestamper=None, details=details)
    command = ["pdftoppm", "-r", "72", "-png", "-f", "1", "-l", "1", str(target)]
    page = Image.open(io.BytesIO(subprocess.run(command, capture_output=True, check=True).stdout)).convert("RGB")
    red = Image.eval(page.split()[1], lambda value: 255 if value < 60 else 0)
    keep = Image.eval(page.split()[0], lambda value: 255 if value > 150 else 0)
    from PIL import ImageChops

    box = ImageChops.multiply(red, keep).getbbox()
    assert box is not None
    assert 70 <= box[2] - box[0] <= 74, "an inch is 72 points"
    assert 70 <= box[3] - box[1] <= 74
    (fact,) = verify_pdf(target, trust=trust)
    assert fact.valid


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n no more"])
def test_a_seal_that_is_no_image_is_a_setting_to_correct(
    content: bytes, pdfa: Path, agency: Signer, tmp_path: Path
) -> None:
    seal = tmp_path / "seal.png"
    seal.write_bytes(content)
    with pytest.raises(SettingsError, match=r"seal\.png"):
        sign_pdf(
            pdfa,
            tmp_path / "out.pdf",
            profile=find_profile("tt02-2019"),
            signer=agency,
            timestamper=None,
            details=SigningDetails(agency="Ủy ban", seal=seal),
        )


@pytest.mark.parametrize("family", ["Tinos", "DejaVu Serif"])
def test_a_substitute_is_found_whatever_its_regular_face_is_called(family: str) -> None:
    assert find_font(family).family == family
