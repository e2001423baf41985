"""A scanner's JPEG in fewer bytes: the same pixels, or the same bytes."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageCms

from ocr.page import Encoding, VisibleImage
from ocr.visible import squeezed
from sample_scans.document import render_document


def scanned(mode: str, **save: object) -> VisibleImage:
    """A page as a scanner encodes it, with the standard's own Huffman tables."""
    sheet = render_document("decision", "laser", 3, 150, clean=True).pages[0].convert(mode)
    out = io.BytesIO()
    sheet.save(out, "JPEG", **{"quality": 85, **save})  # type: ignore[arg-type]
    return VisibleImage(out.getvalue(), Encoding.JPEG, *sheet.size, 150)


def pixels(image: VisibleImage) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(image.data)))


@pytest.mark.skipif(shutil.which("jpegtran") is None, reason="needs jpegtran (libjpeg-turbo-progs)")
@pytest.mark.parametrize(("mode", "subsampling"), [("RGB", 2), ("RGB", 0), ("L", 0)])
def test_bytes_go_and_no_pixel(mode: str, subsampling: int) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    before = scanned(mode, subsampling=subsampling, **({"icc_profile": profile} if mode == "RGB" else {}))
    after = squeezed(before)
    assert len(after.data) < 0.97 * len(before.data)
    assert np.array_equal(pixels(after), pixels(before))
    kept = Image.open(io.BytesIO(after.data)).info.get("icc_profile")
    assert kept == (profile if mode == "RGB" else None)
    assert squeezed(after) == after


def test_what_is_cut_off_or_no_jpeg_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = scanned("RGB")
    cut = replace(before, data=before.data[:-3000])
    assert squeezed(cut) == cut
    picture = replace(before, encoding=Encoding.PNG)
    assert squeezed(picture) is picture
    monkeypatch.setenv("PATH", "/nonexistent")
    assert squeezed(before) == before
