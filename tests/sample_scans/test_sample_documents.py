from __future__ import annotations

import datetime as dt
import unicodedata

import numpy as np
import pytest

from manifests.record_types import record_types
from sample_scans import SampleDocument, render_document
from sample_scans.eras import ERAS
from sample_scans.fictional import in_words
from sample_scans.truth import TruthField
from sample_scans.wear import Wear

_CASES = [(kind, era) for kind in ("birth", "marriage", "decision") for era in ERAS] + [
    ("death", "laser"),
    ("death", "typed"),
    ("marital_status", "form"),
    ("birth_register", "dotted"),
    ("marriage_register", "laser"),
    ("death_register", "form"),
    ("permit", "laser"),
]


@pytest.fixture(scope="module", params=_CASES, ids=lambda case: "-".join(case))
def document(request: pytest.FixtureRequest) -> SampleDocument:
    kind, era = request.param
    return render_document(kind, era, seed=3, dpi=100)


def test_fields_are_those_of_the_record_type(document: SampleDocument) -> None:
    truth = document.truth
    names = [field.name for field in truth.fields]
    known = [field.name for field in record_types()[truth.record_type].fields]
    assert len(names) == len(set(names))
    assert sorted([*names, *truth.absent]) == sorted(known)
    required = {field.name for field in record_types()[truth.record_type].fields if field.required}
    assert required <= set(names)


def test_fields_are_spelled_by_the_words_drawn(document: SampleDocument) -> None:
    for field in document.truth.fields:
        words = [w.text for page in document.truth.pages for w in page.words if w.field == field.name]
        assert " ".join(words).rstrip(",;") == field.transcription
        page = document.truth.pages[field.page_number - 1]
        assert field.transcription.split()[0] in page.text
    assert all(unicodedata.is_normalized("NFC", page.text) for page in document.truth.pages)


def test_dates_are_iso_and_fit_the_age(document: SampleDocument) -> None:
    first, last = ERAS[document.truth.era].years
    kinds = {field.name: field.kind for field in record_types()[document.truth.record_type].fields}
    for field in document.truth.fields:
        if kinds[field.name] == "date":
            day = dt.date.fromisoformat(field.normalized)
            assert 1850 < day.year <= last
            if field.name in ("registration_date", "issue_date"):
                assert first <= day.year and day.year == document.truth.year
        if kinds[field.name] == "date_words":
            assert field.transcription == in_words(dt.date.fromisoformat(field.normalized))
            figures = next(f for f in document.truth.fields if f.name == field.name.removesuffix("_words"))
            assert figures.normalized == field.normalized
        if kinds[field.name] == "name":
            assert field.transcription.casefold() == field.normalized.casefold()


def test_boxes_lie_on_the_page_and_words_do_not_run_off_it(document: SampleDocument) -> None:
    for page, image in zip(document.truth.pages, document.pages, strict=True):
        assert (page.width, page.height) == image.size
        for word in page.words:
            left, top, right, bottom = word.upright
            assert 0 <= left < right <= page.upright_width, word
            assert 0 <= top < bottom <= page.upright_height, word


def test_the_heading_is_that_of_its_age(document: SampleDocument) -> None:
    if document.truth.record_type.endswith("_register"):
        assert document.truth.title in document.truth.pages[0].text
    else:
        assert ERAS[document.truth.era].heading in document.truth.pages[0].text


def test_a_clean_page_has_no_ink_outside_its_words_where_none_is_drawn() -> None:
    document = render_document("death", "typed", seed=5, dpi=120, clean=True)
    page, truth = np.asarray(document.pages[0].convert("L")), document.truth.pages[0]
    for word in truth.words:
        left, top, right, bottom = word.bbox
        assert page[top:bottom, left:right].min() < 128, word
    # a typed page has no dotted lines: between title and signature block every dark pixel belongs to a word
    covered = np.zeros(page.shape, dtype=bool)
    for word in truth.words:
        covered[word.bbox.top : word.bbox.bottom, word.bbox.left : word.bbox.right] = True
    signer = next(field for field in document.truth.fields if field.name == "signer_name")
    first = next(field for field in document.truth.fields if field.name == "person_name")
    body = slice(first.bbox.top, signer.bbox.top - round(45 * 120 / 25.4))
    assert not ((page[body] < 200) & ~covered[body]).any()


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("skew", [-3.0, 0.0, 2.5])
def test_boxes_follow_turn_skew_frame_and_scale(turned: int, skew: float) -> None:
    wear = Wear(turned=turned, skew=skew, border=4, scale=0.8)
    document = render_document("death", "typed", seed=5, dpi=120, wear=wear)
    page, truth = np.asarray(document.pages[0].convert("L")), document.truth.pages[0]
    assert (truth.rotation + turned) % 360 == 0
    for word in truth.words:
        left, top, right, bottom = word.bbox
        assert page[top:bottom, left:right].min() < 170, word
    # and the ink of the body is nowhere else: paint the boxes white, then nothing dark is left between the fields
    first, last = (_field(document, name) for name in ("person_name", "registration_place"))
    rest = page.copy()
    for word in truth.words:
        rest[word.bbox.top : word.bbox.bottom, word.bbox.left : word.bbox.right] = 255
    left, right = min(first.bbox.left, last.bbox.left), max(first.bbox.right, last.bbox.right)
    top, bottom = min(first.bbox.top, last.bbox.top), max(first.bbox.bottom, last.bbox.bottom)
    assert rest[top:bottom, left:right].min() > 190
    assert page[top:bottom, left:right].min() < 100


def _field(document: SampleDocument, name: str) -> TruthField:
    return next(field for field in document.truth.fields if field.name == name)


def test_no_back_of_the_sheet_has_words() -> None:
    document = render_document("birth", "form", seed=1, dpi=100, blank_back=True)
    assert [page.blank for page in document.truth.pages] == [False, True]


def test_the_same_arguments_give_the_same_pixels() -> None:
    one, two = (render_document("birth", "dotted", seed=11, dpi=100) for _ in range(2))
    other = render_document("birth", "dotted", seed=12, dpi=100)
    assert one.truth == two.truth
    assert one.pages[0].tobytes() == two.pages[0].tobytes()
    assert other.truth != one.truth
