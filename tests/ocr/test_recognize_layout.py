"""Reading order of the pages administrative acts are made of, from boxes alone."""

from __future__ import annotations

from dataclasses import replace

from manifests.text import Bbox, PageFacts, PageText, PageVerdict, Word
from ocr.layout import order_words
from ocr.tables import Table

ADVANCE, HEIGHT = 14, 30


def words_of(*lines: tuple[int, int, str], start: int = 0) -> list[Word]:
    """Words of ``(left, top, text)`` lines, each letter 14 pixels wide; what stands on one height is one line."""
    made = []
    tops: list[int] = []
    for left, top, text in lines:
        if top not in tops:
            tops.append(top)
        x = left
        for part in text.split():
            right = x + ADVANCE * len(part)
            made.append(Word(part, Bbox(x, top, right, top + HEIGHT), 0.9, 0, start + tops.index(top)))
            x = right + ADVANCE
    return made


def read_aloud(words: list[Word], *tables: Table) -> list[list[str]]:
    """The lines of each block, in order."""
    ordered = order_words(words, tables)
    assert sorted(w.text for w in ordered) == sorted(w.text for w in words)
    assert [(w.block, w.line) for w in ordered] == sorted((w.block, w.line) for w in ordered)
    page = PageText(PageFacts(1, "s", 1, 1654, 2339, 200), PageVerdict.READ, ordered, "test")
    blocks: dict[int, list[str]] = {}
    for line in page.lines():
        blocks.setdefault(line[0].block, []).append(" ".join(w.text for w in line))
    return list(blocks.values())


BODY = [
    (150, 500 + 50 * i, "Căn cứ Luật Hộ tịch ngày 20 tháng 11 năm 2014 và các văn bản hướng dẫn thi hành")
    for i in range(20)
]


def centred(axis: int, top: int, text: str) -> tuple[int, int, str]:
    return (axis - ADVANCE * len(text) // 2, top, text)


def test_agency_and_national_heading_are_two_columns() -> None:
    heading = [
        centred(380, 100, "ỦY BAN NHÂN DÂN"),
        centred(1150, 100, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        centred(380, 150, "PHƯỜNG CỬA NAM"),
        centred(1150, 150, "Độc lập - Tự do - Hạnh phúc"),
        centred(380, 230, "Số: 12/QĐ-UBND"),
        centred(1150, 230, "Cửa Nam, ngày 02 tháng 9 năm 2025"),
        centred(800, 350, "QUYẾT ĐỊNH"),
        centred(800, 400, "Về việc cấp bản sao trích lục"),
    ]
    blocks = read_aloud(words_of(*heading, *BODY))
    flat = [line for block in blocks for line in block]
    assert flat[:8] == [
        "ỦY BAN NHÂN DÂN",
        "PHƯỜNG CỬA NAM",
        "Số: 12/QĐ-UBND",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Cửa Nam, ngày 02 tháng 9 năm 2025",
        "QUYẾT ĐỊNH",
        "Về việc cấp bản sao trích lục",
    ]
    assert [line for _, _, line in BODY] == flat[8:]


def test_recipients_and_signer_are_two_columns() -> None:
    foot = [
        (150, 1600, "Nơi nhận:"),
        centred(1200, 1600, "TM. ỦY BAN NHÂN DÂN"),
        (150, 1650, "- Như Điều 3;"),
        centred(1200, 1650, "CHỦ TỊCH"),
        (150, 1700, "- Lưu: VT."),
        centred(1200, 1900, "Nguyễn Thị Mẫu"),
    ]
    flat = [line for block in read_aloud(words_of(*BODY, *foot)) for line in block]
    assert flat[len(BODY) :] == [
        "Nơi nhận:",
        "- Như Điều 3;",
        "- Lưu: VT.",
        "TM. ỦY BAN NHÂN DÂN",
        "CHỦ TỊCH",
        "Nguyễn Thị Mẫu",
    ]


def test_form_fields_on_one_line_stay_on_one_line() -> None:
    form = [
        (150, 600, "Họ, chữ đệm, tên: Trần Văn Thử"),
        (150, 660, "Giới tính: Nam"),
        (900, 660, "Dân tộc: Kinh"),
        (150, 720, "Quốc tịch: Việt Nam"),
        (900, 720, "Năm sinh: 1985"),
    ]
    body = [(150, 100 + 50 * i, text) for i, (_, _, text) in enumerate(BODY[:8])]
    tail = [(150, 1000 + 50 * i, text) for i, (_, _, text) in enumerate(BODY)]
    flat = [line for block in read_aloud(words_of(*body, *form, *tail)) for line in block]
    assert flat[8:11] == [
        "Họ, chữ đệm, tên: Trần Văn Thử",
        "Giới tính: Nam Dân tộc: Kinh",
        "Quốc tịch: Việt Nam Năm sinh: 1985",
    ]


def test_fields_of_two_persons_side_by_side_are_read_across() -> None:
    ends = ["Dương Thị Bích", "1984", "Mường", "Việt Nam", "thôn Đại Phong xã Phú Điền", "CMND số 968897750"]
    left = [(150, 700 + 50 * i, f"vợ {text}") for i, text in enumerate(ends)]
    right = [(900, 703 + 50 * i, f"chồng {text}") for i, text in enumerate(reversed(ends))]
    top = [(150, 100 + 50 * i, text) for i, (_, _, text) in enumerate(BODY[:10])]
    tail = [(150, 1300 + 50 * i, text) for i, (_, _, text) in enumerate(BODY)]
    flat = [line for block in read_aloud(words_of(*top, *left, *right, *tail)) for line in block]
    assert flat[10:16] == [f"{one} {other}" for (_, _, one), (_, _, other) in zip(left, right, strict=True)]


def test_a_speck_in_a_row_does_not_part_it() -> None:
    row = words_of((150, 660, "Giới tính: Nam"), (700, 660, "- Dân tộc"), (1200, 660, "Quốc tịch: Việt"))
    row = [replace(w, bbox=w.bbox._replace(bottom=780)) if w.text == "-" else w for w in row]
    below = words_of((150, 720, "Giấy tờ tùy thân"), start=1)
    below.append(Word("¬", Bbox(1290, 722, 1330, 732), 0.4, 0, 2))
    blocks = read_aloud([*row, *below])
    assert [line for block in blocks for line in block] == [
        "Giới tính: Nam - Dân tộc Quốc tịch: Việt",
        "¬",
        "Giấy tờ tùy thân",
    ]


def test_a_line_torn_at_its_spaces_is_one_line() -> None:
    """A typewriter's spaces stand under one another: the engine takes them for a corridor."""
    texts = ["Căn cứ bản khai của đương sự nộp ngày hôm qua", "Theo đề nghị của ông trưởng phòng hộ tịch khu phố"] * 4
    torn = []
    for i, word in enumerate(words_of(*((150, 100 + 50 * i, text) for i, text in enumerate(texts)))):
        torn.append(replace(word, block=int(word.bbox.left > 500), line=word.line + 100 * (word.bbox.left > 500)))
        assert i or torn[0].block == 0
    flat = [line for block in read_aloud(torn) for line in block]
    assert flat == texts


def test_columns_close_to_each_other_are_not_put_together() -> None:
    """Three spaces between the agency and the national heading are no space of a line."""
    heading = [(450, 100, "ỦY BAN NHÂN DÂN"), (457, 150, "PHƯỜNG CỬA NAM"), (457, 200, "Số: 12/QĐ-UBND")]
    right = 450 + ADVANCE * 15 + 3 * ADVANCE
    state = [
        (right, 100, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        (right + 49, 150, "Độc lập - Tự do - Hạnh phúc"),
        (right + 130, 200, "ngày 02 tháng 9"),
    ]
    words = [*words_of(*heading), *words_of(*state, start=9)]
    flat = [line for block in read_aloud([*words, *words_of(*BODY, start=50)]) for line in block]
    assert flat[:6] == [
        "ỦY BAN NHÂN DÂN",
        "PHƯỜNG CỬA NAM",
        "Số: 12/QĐ-UBND",
        *(text for _, _, text in state),
    ]


def test_a_title_in_the_middle_ends_the_columns_of_the_heading() -> None:
    """Shorter than the agency's line, and right of its end."""
    heading = [
        centred(420, 100, "ỦY BAN HÀNH CHÍNH KHU PHỐ"),
        centred(1150, 100, "VIỆT NAM DÂN CHỦ CỘNG HÒA"),
        centred(420, 150, "LÊ ĐẠI HÀNH"),
        centred(1150, 150, "Độc lập - Tự do - Hạnh phúc"),
        (700, 300, "BIÊN BẢN"),
    ]
    flat = [line for block in read_aloud(words_of(*heading, *BODY)) for line in block]
    assert flat[:5] == [
        "ỦY BAN HÀNH CHÍNH KHU PHỐ",
        "LÊ ĐẠI HÀNH",
        "VIỆT NAM DÂN CHỦ CỘNG HÒA",
        "Độc lập - Tự do - Hạnh phúc",
        "BIÊN BẢN",
    ]


def test_a_row_is_not_torn_by_the_end_of_a_corridor() -> None:
    """The third value of the row closes the corridor that its first two and the lines above leave free."""
    form = [
        (150, 600, "Họ và tên: Ngô Quang Thử"),
        (150, 660, "Nam hay nữ: Nam"),
        (620, 662, "Dân tộc: Mường"),
        (1150, 659, "Quốc tịch: Việt"),
        (150, 720, "Chết ngày: hai mươi tháng"),
    ]
    top = [(150, 100 + 50 * i, text) for i, (_, _, text) in enumerate(BODY[:9])]
    rows = [*words_of(*top), *words_of(*form[:1], start=20)]
    rows += [word for part in form[1:4] for word in words_of(part, start=30)]
    tail = [(150, 1000 + 50 * i, text) for i, (_, _, text) in enumerate(BODY)]
    flat = [line for block in read_aloud([*rows, *words_of(form[4], *tail, start=40)]) for line in block]
    assert "Nam hay nữ: Nam Dân tộc: Mường Quốc tịch: Việt" in flat


def test_fields_at_other_places_of_their_rows_are_no_heading() -> None:
    """Centred means around one axis: these three have none."""
    form = [
        (150, 100, "SỔ ĐĂNG KÝ KẾT HÔN"),
        (1300, 100, "Trang 122"),
        (150, 200, "Số: 132/2006"),
        (750, 200, "Quyển số: 05/2006"),
        (150, 260, "Ngày đăng ký: 11/01/2006"),
        (150, 320, "Dân tộc: Nùng"),
        (880, 320, "Quốc tịch: Việt Nam"),
    ]
    flat = [line for block in read_aloud(words_of(*form)) for line in block]
    assert flat == [
        "SỔ ĐĂNG KÝ KẾT HÔN Trang 122",
        "Số: 132/2006 Quyển số: 05/2006",
        "Ngày đăng ký: 11/01/2006",
        "Dân tộc: Nùng Quốc tịch: Việt Nam",
    ]


def test_values_that_begin_at_one_edge_are_no_heading() -> None:
    """Two of them are of one length and begin a few pixels apart: they have an axis by chance."""
    top = [(150, 100 + 50 * i, text) for i, (_, _, text) in enumerate(BODY)]
    rows = [
        (150, 1200, "Thượng Cát, phường Lê Đại"),
        (906, 1200, "xã Xuân Cát, Nam Định"),
        (150, 1250, "Hà Nội"),
        (906, 1250, "Mỗ"),
        (150, 1300, "thân CMND số 9180826"),
        (899, 1300, "thân CMND số 914916890"),
    ]
    flat = [line for block in read_aloud(words_of(*top, *rows)) for line in block]
    assert flat[len(BODY) :] == [
        f"{one} {other}" for (_, _, one), (_, _, other) in zip(rows[::2], rows[1::2], strict=True)
    ]


def test_a_signer_is_read_after_the_recipients_though_strokes_were_read_beside_him() -> None:
    foot = [
        (150, 1600, "Nơi nhận:"),
        centred(1200, 1600, "TM. ỦY BAN NHÂN DÂN"),
        (150, 1650, "- Như Điều 3;"),
        centred(1200, 1650, "CHỦ TỊCH"),
        (150, 1700, "- Lưu: VT."),
        (980, 1760, "Sơ"),
        centred(1200, 1900, "Nguyễn Thị Mẫu"),
    ]
    flat = [line for block in read_aloud(words_of(*BODY, *foot)) for line in block]
    assert flat[len(BODY) :][:3] == ["Nơi nhận:", "- Như Điều 3;", "- Lưu: VT."]


def test_table_is_read_across() -> None:
    rows = [
        (x, 1500 + 60 * i, f"{name}{i}")
        for i in range(6)
        for x, name in ((150, "stt"), (400, "họtên"), (900, "nămsinh"), (1300, "ghichú"))
    ]
    flat = [line for block in read_aloud(words_of(*BODY, *rows)) for line in block]
    assert flat[len(BODY) :] == [f"stt{i} họtên{i} nămsinh{i} ghichú{i}" for i in range(6)]


def test_cells_of_a_ruled_table_are_read_each_to_its_end() -> None:
    """As paragraphs of their own, whatever stands on the same height beside them."""
    above = [(150, 100, "Danh mục kèm theo"), (150, 150, "Quyết định này")]
    cells = [
        (160, 310, "01"),
        (310, 300, "cấp giấy"),
        (310, 340, "phép - lại"),
        (910, 320, "trong hạn"),
        (910, 360, "năm ngày"),
        (160, 510, "02"),
        (310, 500, "thu hồi"),
    ]
    below = [(150, 700, "Tổng số hai thủ tục")]
    columns, rows = (150, 300, 900, 1500), (290, 490, 650)
    table = Table(
        Bbox(150, 290, 1500, 650),
        tuple(Bbox(columns[i], rows[j], columns[i + 1], rows[j + 1]) for j in range(2) for i in range(3)),
    )
    # A dash is as low as it is; it belongs to the line it stands in.
    words = [
        replace(w, bbox=w.bbox._replace(top=w.bbox.top + 18, bottom=w.bbox.top + 22)) if w.text == "-" else w
        for w in words_of(*above, *cells, *below)
    ]
    assert read_aloud(words, table) == [
        ["Danh mục kèm theo", "Quyết định này"],
        ["01"],
        ["cấp giấy", "phép - lại"],
        ["trong hạn", "năm ngày"],
        ["02"],
        ["thu hồi"],
        ["Tổng số hai thủ tục"],
    ]


def test_long_columns_in_the_middle_are_columns() -> None:
    left = [(150, 700 + 50 * i, f"bên nam {i} họ tên nghề") for i in range(8)]
    right = [(900, 715 + 50 * i, f"bên nữ {i} họ tên nghề") for i in range(8)]
    top = [(150, 100 + 50 * i, text) for i, (_, _, text) in enumerate(BODY[:10])]
    tail = [(150, 1300 + 50 * i, text) for i, (_, _, text) in enumerate(BODY)]
    flat = [line for block in read_aloud(words_of(*top, *left, *right, *tail)) for line in block]
    assert flat[10:26] == [text for _, _, text in left] + [text for _, _, text in right]


def test_paragraphs_are_blocks() -> None:
    blocks = read_aloud(words_of((150, 100, "đoạn một"), (150, 140, "còn nữa"), (150, 260, "đoạn hai")))
    assert blocks == [["đoạn một", "còn nữa"], ["đoạn hai"]]


def test_page_without_words_has_no_order() -> None:
    assert order_words([]) == ()


def test_raw_reading_is_carried() -> None:
    word = Word("đề", Bbox(0, 0, 20, 20), 0.9, 4, 7, raw="đê")
    assert order_words([word]) == (Word("đề", Bbox(0, 0, 20, 20), 0.9, 0, 0, raw="đê"),)
