from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from manifests.documents import DocumentEntry, FieldSource, FieldValue, Medium, Record, RecordStatus
from manifests.text import Bbox, PageFacts, PageText, PageVerdict, Word
from ocr.index import IndexOptions, index_record

WIDTH, HEIGHT = 1654, 2339
_LETTER, _TALL, _PITCH = 14, 30, 52

Line = str | tuple[int, str] | list[tuple[int, str]]


def page(
    lines: Sequence[Line], *, confidence: float = 0.95, weak: dict[str, float] | None = None, number: int = 1
) -> PageText:
    """A page from strings, a row each: at the left margin, or at the given x, or several at several x.

    ``weak`` gives single words another confidence. Each part of a row is a block of its own, as engines do it.
    """
    words: list[Word] = []
    block = 0
    for row, line in enumerate(lines):
        parts = [(120, line)] if isinstance(line, str) else [line] if isinstance(line, tuple) else line
        for left, text in parts:
            x = left
            for text_word in text.split():
                right = x + _LETTER * len(text_word)
                top = 100 + row * _PITCH
                sure = (weak or {}).get(text_word, confidence)
                words.append(Word(text_word, Bbox(x, top, right, top + _TALL), sure, block, 0))
                x = right + _LETTER
            block += 1
    facts = PageFacts(number, "a.pdf", number, WIDTH, HEIGHT, 200.0)
    return PageText(facts, PageVerdict.READ if words else PageVerdict.BLANK, tuple(words), "test")


def entry(record_type: str, year: int = 2017, **values: object) -> DocumentEntry:
    base: dict[str, object] = {
        "document_id": "a",
        "files": ("a.pdf",),
        "sha256": ("0" * 64,),
        "pages": 1,
        "record_type": record_type,
        "unit_code": "00256",
        "year": year,
    }
    return DocumentEntry(**(base | values))  # type: ignore[arg-type]


def value(record: Record, name: str) -> FieldValue:
    return next(f for f in record.fields if f.name == name)


HEAD: list[Line] = [
    [(150, "ỦY BAN NHÂN DÂN"), (800, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")],
    [(150, "PHƯỜNG LÊ ĐẠI HÀNH"), (850, "Độc lập - Tự do - Hạnh phúc")],
]
BIRTH: list[Line] = [
    *HEAD,
    (200, "Số: 45/2017"),
    (600, "GIẤY KHAI SINH"),
    "Họ, chữ đệm, tên: NGUYỄN THỊ LAN ANH",
    "Ngày, tháng, năm sinh: 15/03/2017",
    "ghi bằng chữ: Ngày mười lăm tháng ba năm hai nghìn không trăm mười bảy",
    [(120, "Giới tính: Nữ"), (620, "Dân tộc: Kinh"), (1100, "Quốc tịch: Việt Nam")],
    "Nơi sinh: Bệnh viện Phụ sản Hà Nội, phường Ngọc Khánh, quận Ba Đình,",
    "thành phố Hà Nội",
    "Quê quán: Xã Đông Ngạc, huyện Từ Liêm, Hà Nội",
    "Số định danh cá nhân: 001317000123",
    "Họ, chữ đệm, tên người mẹ: TRẦN THỊ HOA",
    [(120, "Năm sinh: 1990"), (620, "Dân tộc: Tày"), (1100, "Quốc tịch: Việt Nam")],
    "Nơi cư trú: Số 12 phố Huế, phường Phố Huế, Hà Nội",
    "Họ, chữ đệm, tên người cha: NGUYỄN VĂN BÌNH",
    [(120, "Năm sinh: 1988"), (620, "Dân tộc: Kinh"), (1100, "Quốc tịch: Việt Nam")],
    "Nơi cư trú: Số 14 phố Huế, phường Phố Huế, Hà Nội",
    "Họ, chữ đệm, tên người đi khai sinh: NGUYỄN VĂN BÌNH",
    "Giấy tờ tùy thân: CCCD số 001088000456",
    "Nơi đăng ký khai sinh: Ủy ban nhân dân phường Lê Đại Hành",
    "Ngày, tháng, năm đăng ký: 20/03/2017",
    (900, "NGƯỜI KÝ GIẤY KHAI SINH"),
    (930, "(Ký, ghi rõ họ tên)"),
    (1000, "Phạm Quang Minh"),
]


def swap(lines: Sequence[Line], old: str, new: str) -> list[Line]:
    out: list[Line] = []
    for line in lines:
        if isinstance(line, str):
            out.append(line.replace(old, new))
        elif isinstance(line, tuple):
            out.append((line[0], line[1].replace(old, new)))
        else:
            out.append([(x, text.replace(old, new)) for x, text in line])
    return out


def test_a_clean_birth_certificate_is_accepted_with_every_field() -> None:
    record = index_record([page(BIRTH)], entry("birth"))
    assert record.review_reasons == ()
    assert record.status is RecordStatus.ACCEPTED
    assert {f.name: f.normalized for f in record.fields} == {
        "number": "45/2017",
        "person_name": "Nguyễn Thị Lan Anh",
        "birth_date": "2017-03-15",
        "birth_date_words": "2017-03-15",
        "sex": "female",
        "ethnicity": "Kinh",
        "nationality": "Việt Nam",
        "birth_place": "Bệnh viện Phụ sản Hà Nội, phường Ngọc Khánh, quận Ba Đình, thành phố Hà Nội",
        "hometown": "Xã Đông Ngạc, huyện Từ Liêm, Hà Nội",
        "personal_id": "001317000123",
        "mother_name": "Trần Thị Hoa",
        "mother_birth_year": "1990",
        "mother_residence": "Số 12 phố Huế, phường Phố Huế, Hà Nội",
        "father_name": "Nguyễn Văn Bình",
        "father_birth_year": "1988",
        "father_residence": "Số 14 phố Huế, phường Phố Huế, Hà Nội",
        "declarant_name": "Nguyễn Văn Bình",
        "registration_place": "Ủy ban nhân dân phường Lê Đại Hành",
        "registration_date": "2017-03-20",
        "signer_name": "Phạm Quang Minh",
    }
    assert value(record, "person_name").transcription == "NGUYỄN THỊ LAN ANH"
    assert record.number == "45/2017"
    assert record.issue_date == "2017-03-20"
    subject = next(p for p in record.parties if p.role == "subject")
    assert (subject.name, subject.birth_date, subject.personal_id) == (
        "Nguyễn Thị Lan Anh",
        "2017-03-15",
        "001317000123",
    )
    assert next(p for p in record.parties if p.role == "father").birth_date == "1988"


def test_a_value_is_found_where_it_stands() -> None:
    found = value(index_record([page(BIRTH)], entry("birth")), "birth_date")
    assert found.page_number == 1
    assert found.bbox == Bbox(120 + 23 * 14, 100 + 5 * 52, 120 + 33 * 14, 100 + 5 * 52 + 30)


def test_labels_without_their_marks_and_dotted_leaders_are_understood() -> None:
    lines = swap(BIRTH, "Họ, chữ đệm, tên: NGUYỄN", "Ho, chư đêm tén:......NGUYỄN")
    lines = swap(lines, "ANH", "ANH.......")
    lines = swap(lines, "Ngày, tháng, năm sinh: 15/03/2017", "Ngảy, thảng, nám sính …… 15/03/2017 ......")
    record = index_record([page(lines)], entry("birth"))
    assert value(record, "person_name").normalized == "Nguyễn Thị Lan Anh"
    assert value(record, "person_name").transcription == "NGUYỄN THỊ LAN ANH"
    assert value(record, "birth_date").normalized == "2017-03-15"
    assert record.status is RecordStatus.ACCEPTED


def test_the_other_parents_block_does_not_fill_a_lost_label() -> None:
    lines = swap(BIRTH, "Giới tính: Nữ", "@@ ##")
    lines = [
        line
        for line in lines
        if line != [(120, "Năm sinh: 1990"), (620, "Dân tộc: Tày"), (1100, "Quốc tịch: Việt Nam")]
    ]
    lines = [[(120, "x")] if isinstance(line, list) and "@@" in line[0][1] else line for line in lines]
    record = index_record([page(lines)], entry("birth"))
    names = {f.name for f in record.fields}
    assert "mother_birth_year" not in names
    assert "ethnicity" not in names
    assert value(record, "father_birth_year").normalized == "1988"
    assert record.status is RecordStatus.ACCEPTED, "fields that are not required send nothing to review"


def test_a_province_is_no_label() -> None:
    lines = swap(BIRTH, "Nơi cư trú: Số 12 phố Huế, phường Phố Huế, Hà Nội", "Nơi cư trú: thôn Tân Hải, xã Vĩnh Cát,")
    at = next(i for i, line in enumerate(lines) if line == "Nơi cư trú: thôn Tân Hải, xã Vĩnh Cát,")
    record = index_record([page([*lines[: at + 1], "Nam Định", *lines[at + 1 :]])], entry("birth"))
    assert value(record, "mother_residence").normalized == "thôn Tân Hải, xã Vĩnh Cát, Nam Định"


def test_a_row_the_engine_lost_below_a_value_casts_doubt_on_it() -> None:
    place = "Nơi sinh: Bệnh viện Phụ sản Hà Nội, phường Ngọc Khánh, quận Ba Đình, thành phố Hà Nội"
    at = next(i for i, line in enumerate(BIRTH) if isinstance(line, str) and line.startswith("Nơi sinh"))
    whole = index_record([page([*BIRTH[:at], place, *BIRTH[at + 2 :]])], entry("birth"))
    lost = index_record([page([*BIRTH[:at], place, "", *BIRTH[at + 2 :]])], entry("birth"))
    assert value(lost, "birth_place").confidence < 0.7 < value(whole, "birth_place").confidence


def test_figures_and_words_that_disagree_go_to_review() -> None:
    record = index_record([page(swap(BIRTH, "15/03/2017", "16/03/2017"))], entry("birth"))
    assert record.status is RecordStatus.NEEDS_REVIEW
    assert "disagrees:birth_date" in record.review_reasons
    assert value(record, "birth_date").transcription == "16/03/2017"


def test_words_raise_the_confidence_of_doubtful_figures() -> None:
    weak = page(BIRTH, weak={"15/03/2017": 0.6})
    alone = page(
        [line for line in BIRTH if not (isinstance(line, str) and line.startswith("ghi"))], weak={"15/03/2017": 0.6}
    )
    assert index_record([weak], entry("birth")).status is RecordStatus.ACCEPTED
    assert index_record([alone], entry("birth")).review_reasons == ("low_confidence:birth_date",)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Số: 45/2017", "Số: 4§/2017", "unreadable:number"),
        ("Số: 45/2017", "", "missing:number"),
        ("NGUYỄN THỊ LAN ANH", "NGUYÊN THỊ LAN ANH", "low_confidence:person_name"),
        ("NGUYỄN THỊ LAN ANH", "NGUYỄN THI QUYÉT", "low_confidence:person_name"),
        ("15/03/2017", "45/03/2017", "unreadable:birth_date"),
        ("20/03/2017", "20/03/2077", "year:registration_date"),
        ("GIẤY KHAI SINH", "TRÍCH LỤC KHAI TỬ", "title:death"),
    ],
)
def test_doubt_goes_to_review_with_its_reason(old: str, new: str, reason: str) -> None:
    record = index_record([page(swap(BIRTH, old, new))], entry("birth"))
    assert record.status is RecordStatus.NEEDS_REVIEW
    assert reason in record.review_reasons


def test_an_unreadable_value_stays_open() -> None:
    record = index_record([page(swap(BIRTH, "15/03/2017", "l§/0?/2017"))], entry("birth"))
    assert value(record, "birth_date").normalized is None
    assert value(record, "birth_date").transcription == "l§/0?/2017"


def test_keyed_values_are_the_second_witness() -> None:
    keyed = {"person_name": "nguyễn thị lan anh", "birth_date": "15/3/2017", "sex": "Nữ"}
    record = index_record([page(BIRTH)], entry("birth", keyed=keyed, number="045"))
    for name in ("person_name", "birth_date", "number", "sex"):
        assert value(record, name).source is FieldSource.BOTH, name
        assert value(record, name).agrees is True
    assert record.status is RecordStatus.ACCEPTED
    assert value(record, "person_name").confidence > value(record, "mother_name").confidence


def test_a_confident_reading_against_the_keyed_value_goes_to_review() -> None:
    record = index_record([page(BIRTH)], entry("birth", keyed={"person_name": "Nguyễn Thị Lan Hương"}))
    assert "disagrees:person_name" in record.review_reasons
    found = value(record, "person_name")
    assert (found.normalized, found.keyed, found.agrees) == ("Nguyễn Thị Lan Anh", "Nguyễn Thị Lan Hương", False)


def test_marks_alone_are_told_apart_from_another_name() -> None:
    record = index_record([page(BIRTH)], entry("birth", keyed={"person_name": "Nguyễn Thị Lân Anh"}))
    assert record.review_reasons[0] == "diacritics:person_name"


def test_a_doubtful_reading_yields_to_the_keyed_value() -> None:
    text = page(swap(BIRTH, "NGUYỄN THỊ LAN ANH", "NGUYÊN THI LAN ANH"))
    record = index_record([text], entry("birth", keyed={"person_name": "Nguyễn Thị Lan Anh"}))
    found = value(record, "person_name")
    assert (found.normalized, found.source, found.agrees) == ("Nguyễn Thị Lan Anh", FieldSource.KEYED, False)
    assert found.transcription == "NGUYÊN THI LAN ANH"
    assert record.status is RecordStatus.ACCEPTED


def test_handwriting_is_read_but_not_believed() -> None:
    alone = index_record([page(BIRTH)], entry("birth", medium=Medium.HANDWRITTEN))
    assert alone.status is RecordStatus.NEEDS_REVIEW
    assert "low_confidence:number" in alone.review_reasons
    keyed = {"person_name": "Nguyễn Thị Lan Hương", "birth_date": "15/3/2017"}
    record = index_record([page(BIRTH)], entry("birth", medium=Medium.HANDWRITTEN, keyed=keyed, number="45/2017"))
    assert value(record, "person_name").normalized == "Nguyễn Thị Lan Hương"
    assert record.review_reasons == ("disagrees:person_name",), "a clear reading still calls for a second look"
    same = {**keyed, "person_name": "Nguyễn Thị Lan Anh"}
    agreed = index_record([page(BIRTH)], entry("birth", medium=Medium.HANDWRITTEN, keyed=same, number="45/2017"))
    assert agreed.status is RecordStatus.ACCEPTED


@pytest.mark.parametrize(
    ("medium", "accepted"),
    [(Medium.PRINTED, True), (Medium.TYPED, False), (None, False), (Medium.HANDWRITTEN, False)],
)
def test_what_wrote_a_value_decides_how_far_it_is_believed(medium: Medium | None, accepted: bool) -> None:
    text = page(swap(BIRTH, "ghi bằng chữ", "x"), weak={"15/03/2017": 0.78})
    record = index_record([text], entry("birth", medium=medium))
    assert (record.status is RecordStatus.ACCEPTED) is accepted
    assert value(record, "birth_date").normalized == "2017-03-15"


def test_a_document_nobody_could_read_lives_on_its_keyed_values() -> None:
    keyed = {"person_name": "Nguyễn Thị Lan", "birth_date": "1956"}
    record = index_record([page([])], entry("birth", year=1960, keyed=keyed, number="12", book="01"))
    assert record.status is RecordStatus.ACCEPTED
    assert (record.number, record.book) == ("12", "01")
    assert value(record, "birth_date").normalized == "1956"
    assert value(record, "birth_date").source is FieldSource.KEYED
    assert index_record([page([])], entry("birth")).review_reasons == (
        "missing:number",
        "missing:person_name",
        "missing:birth_date",
    )


MARRIAGE: list[Line] = [
    *HEAD,
    (200, "Số: 07/2018"),
    (500, "GIẤY CHỨNG NHẬN KẾT HÔN"),
    [(120, "Họ, chữ đệm, tên vợ: LÊ THỊ MAI"), (880, "Họ, chữ đệm, tên chồng: ĐỖ VĂN NAM")],
    [(120, "Ngày, tháng, năm sinh: 02/09/1992"), (880, "Ngày, tháng, năm sinh: 11/11/1990")],
    [(120, "Dân tộc: Kinh"), (880, "Dân tộc: Mường")],
    [(120, "Nơi cư trú: số 8 phố Lò Đúc, phường"), (880, "Nơi cư trú: thôn Hạ, xã Liên Hà,")],
    [(120, "Phạm Đình Hổ, Hà Nội"), (880, "huyện Đông Anh, Hà Nội")],
    [(120, "Giấy tờ tùy thân: CCCD 001192000111"), (880, "Giấy tờ tùy thân: CMND 012345678")],
    "Nơi đăng ký kết hôn: Ủy ban nhân dân phường Lê Đại Hành",
    "Ngày, tháng, năm đăng ký: 05/06/2018",
]


def test_the_columns_of_a_marriage_certificate_are_kept_apart() -> None:
    record = index_record([page(MARRIAGE)], entry("marriage", year=2018))
    assert record.status is RecordStatus.ACCEPTED, record.review_reasons
    assert {f.name: f.normalized for f in record.fields} == {
        "number": "07/2018",
        "wife_name": "Lê Thị Mai",
        "wife_birth_date": "1992-09-02",
        "wife_residence": "số 8 phố Lò Đúc, phường Phạm Đình Hổ, Hà Nội",
        "wife_document": "CCCD 001192000111",
        "husband_name": "Đỗ Văn Nam",
        "husband_birth_date": "1990-11-11",
        "husband_residence": "thôn Hạ, xã Liên Hà, huyện Đông Anh, Hà Nội",
        "husband_document": "CMND 012345678",
        "registration_place": "Ủy ban nhân dân phường Lê Đại Hành",
        "registration_date": "2018-06-05",
    }
    assert {(p.role, p.personal_id) for p in record.parties} == {("wife", "001192000111"), ("husband", "012345678")}


def test_blocks_below_each_other_are_kept_apart_too() -> None:
    lines: list[Line] = [
        "Số: 07/2018",
        "Họ, chữ đệm, tên vợ: LÊ THỊ MAI",
        "Ngày, tháng, năm sinh: 02/09/1992",
        "Họ, chữ đệm, tên chồng: ĐỖ VĂN NAM",
        "Ngày, tháng, năm sinh: 11/11/1990",
        "Ngày, tháng, năm đăng ký: 05/06/2018",
    ]
    record = index_record([page(lines)], entry("marriage", year=2018))
    assert value(record, "wife_birth_date").normalized == "1992-09-02"
    assert value(record, "husband_birth_date").normalized == "1990-11-11"


DECISION: list[Line] = [
    *HEAD,
    [(200, "Số: 43/QĐ-UBND"), (900, "Hà Nội, ngày 3 tháng 7 năm 2019")],
    (650, "QUYẾT ĐỊNH"),
    (350, "Về việc công nhận tổ dân phố văn hóa phố Đông Lâm"),
    (400, "năm 2019"),
    (300, "CHỦ TỊCH ỦY BAN NHÂN DÂN PHƯỜNG LÊ ĐẠI HÀNH"),
    "Căn cứ Luật Tổ chức chính quyền địa phương số 77/2015/QH13 ngày 19 tháng 6 năm 2015;",
    (650, "QUYẾT ĐỊNH:"),
    "Điều 1. Công nhận tổ dân phố văn hóa.",
]
DECISION_FOOT: list[Line] = [
    [(120, "Nơi nhận:"), (950, "TM. ỦY BAN NHÂN DÂN")],
    [(120, "- Như Điều 3;"), (1050, "CHỦ TỊCH")],
    "- Lưu: VT, Nguyễn Văn Lưu.",
    (1000, "Vũ Hồng Sơn"),
]


def test_a_decision_is_read_from_its_heading_and_foot() -> None:
    record = index_record([page(DECISION), page([]), page(DECISION_FOOT, number=3)], entry("decision", year=2019))
    assert record.status is RecordStatus.ACCEPTED, record.review_reasons
    assert {f.name: f.normalized for f in record.fields} == {
        "number": "43/QĐ-UBND",
        "issue_date": "2019-07-03",
        "issuer": "ỦY BAN NHÂN DÂN PHƯỜNG LÊ ĐẠI HÀNH",
        "subject": "công nhận tổ dân phố văn hóa phố Đông Lâm năm 2019",
        "signer_name": "Vũ Hồng Sơn",
    }
    assert value(record, "issue_date").transcription == "ngày 3 tháng 7 năm 2019"
    assert value(record, "signer_name").page_number == 3
    assert record.issue_date == "2019-07-03"


@pytest.mark.parametrize(
    ("number", "day"),
    [
        ("Số: 4/I0/QĐ-UBND", "ngày 48 tháng 02"),
        ("Số; 2Œ /QĐ-UBND", "ngày lŠ tháng 02"),
        ("Số: ø07Ó../TB-ĐHĐL", "ngày.) {tháng &"),
    ],
)
def test_a_handwritten_number_or_day_is_unread_rather_than_wrong(number: str, day: str) -> None:
    lines = swap(swap(DECISION, "Số: 43/QĐ-UBND", number), "ngày 3 tháng 7", day)
    record = index_record([page(lines)], entry("decision", year=2019))
    assert value(record, "number").normalized is None
    issued = [f for f in record.fields if f.name == "issue_date"]
    assert not issued or issued[0].normalized is None
    assert record.number is None
    assert record.status is RecordStatus.NEEDS_REVIEW


def test_a_day_written_larger_than_the_printed_year_is_doubted() -> None:
    text = page(DECISION)
    words = tuple(
        replace(w, bbox=Bbox(w.bbox.left, w.bbox.top - 6, w.bbox.right, w.bbox.bottom + 6)) if w.text == "3" else w
        for w in text.words
    )
    record = index_record([replace(text, words=words)], entry("decision", year=2019))
    assert record.review_reasons == ("low_confidence:issue_date",)


def test_a_day_read_as_letters_is_believed_no_more_than_they_are() -> None:
    text = page(swap(DECISION, "ngày 3 tháng 7", "ngày ƠL tháng 7"))
    words = tuple(replace(w, confidence=0.30) if w.text == "ƠL" else w for w in text.words)
    record = index_record([replace(text, words=words)], entry("decision", year=2019))
    assert value(record, "issue_date").normalized == "2019-07-01"
    assert record.review_reasons == ("low_confidence:issue_date",)


def test_a_page_full_of_nonsense_is_survived() -> None:
    lines: list[Line] = ["Số Quyển Ngày tháng năm Họ tên " * 40] * 15
    record = index_record([page(lines)], entry("decision", year=2019))
    assert record.status is RecordStatus.NEEDS_REVIEW


def test_the_threshold_is_an_option() -> None:
    text = page(BIRTH, confidence=0.85)
    assert index_record([text], entry("birth")).status is RecordStatus.ACCEPTED
    strict = index_record([text], entry("birth"), IndexOptions(threshold=0.99))
    assert strict.status is RecordStatus.NEEDS_REVIEW


def test_an_unknown_record_type_is_refused() -> None:
    with pytest.raises(KeyError):
        index_record([], entry("no_such_type"))
