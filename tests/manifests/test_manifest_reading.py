from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manifests.documents import DocumentEntry, Medium
from manifests.manifest import ManifestReading, find_manifest, read_manifest, write_manifest
from manifests.reasons import REASONS, Severity

Text = Callable[..., str]
TODAY = dt.date(2026, 3, 1)


def read(folder: Path, text: str | bytes, name: str = "manifest.csv", *, home: str | None = None) -> ManifestReading:
    path = folder / name
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return read_manifest(path, today=TODAY, home=home)


def faults(reading: ManifestReading) -> list[tuple[str, int | None, str | None]]:
    return [(fault.code, fault.row, fault.column) for fault in reading.faults]


GOOD = DocumentEntry(
    document_id="KS-0001",
    files=("KS-0001.pdf",),
    sha256=("a" * 64,),
    pages=1,
    record_type="birth",
    unit_code="00256",
    year=1998,
    row=2,
)


# --- what is read


def test_a_plain_manifest(tmp_path: Path, manifest_text: Text) -> None:
    reading = read(tmp_path, manifest_text())
    assert reading.faults == ()
    assert reading.entries == (GOOD,)
    assert not reading.blocked


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_way_excel_saves_a_csv(
    tmp_path: Path, manifest_text: Text, separator: str, encoding: str, newline: str
) -> None:
    text = manifest_text(
        separator, files="trang 1.jpg; trang 2.jpg", sha256="a" * 64 + ";" + "b" * 64, note="chữ, dấu;"
    )
    reading = read(tmp_path, text.replace("\n", newline).encode(encoding))
    assert reading.faults == ()
    (entry,) = reading.entries
    assert entry.files == ("trang 1.jpg", "trang 2.jpg")
    assert entry.sha256 == ("a" * 64, "b" * 64)
    assert entry.note == "chữ, dấu;"


def test_a_line_that_names_the_separator_is_not_a_row(tmp_path: Path, manifest_text: Text) -> None:
    reading = read(tmp_path, "sep=;\n" + manifest_text(";"))
    assert reading.faults == () and reading.entries[0].row == 2


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("change", [str, str.upper, lambda text: f"  {text}  ", lambda text: text.replace(" ", "_")])
def test_vietnamese_headers_in_any_spelling(tmp_path: Path, form: str, change: Callable[[str], str]) -> None:
    headers = ["Mã hồ sơ", "Tệp", "Mã SHA-256", "Số trang", "Loại kết quả", "Mã đơn vị", "Năm", "Họ, chữ đệm, tên"]
    row = ["KS-0001", "Khai sinh.pdf", "a" * 64, "1", "Khai sinh", "00256", "1998", "Nguyễn Thị Ước"]
    text = ";".join(change(header) for header in headers) + "\n" + ";".join(row) + "\n"
    reading = read(tmp_path, unicodedata.normalize(form, text))
    assert reading.faults == ()
    (entry,) = reading.entries
    assert entry.record_type == "birth"
    assert entry.keyed == {"person_name": "Nguyễn Thị Ước"}
    assert unicodedata.is_normalized("NFC", entry.keyed["person_name"])


def test_headers_without_diacritics(tmp_path: Path) -> None:
    text = "ma ho so,tep,ma sha256,so trang,loai ket qua,ma don vi,nam\n"
    reading = read(tmp_path, text + f"KS-0001,KS-0001.pdf,{'a' * 64},1,khai sinh,00256,1998\n")
    assert reading.entries == (GOOD,)


@pytest.mark.parametrize("spelling", ["birth", "BIRTH", "ks", "KS", "Khai sinh", "khai sinh", "KHAI SINH"])
def test_record_types_by_code_short_code_and_name(tmp_path: Path, manifest_text: Text, spelling: str) -> None:
    assert read(tmp_path, manifest_text(record_type=spelling)).entries[0].record_type == "birth"


def test_optional_columns_and_keyed_values(tmp_path: Path, manifest_text: Text) -> None:
    text = manifest_text(
        medium="viết tay", book="01-TP/HT", number="12/2020", note="mờ", person_name="Trần  Văn\nA", mother_name=""
    )
    (entry,) = read(tmp_path, text).entries
    assert (entry.medium, entry.book, entry.number, entry.note) == (Medium.HANDWRITTEN, "01-TP/HT", "12/2020", "mờ")
    assert entry.keyed == {"number": "12/2020", "book": "01-TP/HT", "person_name": "Trần Văn A"}


def test_a_title_above_the_header_and_empty_rows_below_do_not_count(tmp_path: Path, manifest_text: Text) -> None:
    head, row = manifest_text().splitlines()
    reading = read(tmp_path, f"UBND PHƯỜNG\nDANH SÁCH HỒ SƠ,,\n\n{head}\n\n{row}\n,,,,,,\n ,\n\n")
    assert reading.faults == ()
    assert [entry.row for entry in reading.entries] == [6]


def test_a_header_repeated_in_the_middle_is_told_and_skipped(tmp_path: Path, manifest_text: Text) -> None:
    head, row = manifest_text().splitlines()
    reading = read(tmp_path, f"{head}\n{row}\n{head}\n{row.replace('KS-0001', 'KS-0002')}\n")
    assert [entry.document_id for entry in reading.entries] == ["KS-0001", "KS-0002"]
    assert faults(reading) == [("value_ignored", 3, None)]
    assert reading.faults[0].severity is Severity.WARNING


def test_running_numbers_are_ignored_and_other_columns_told_once(tmp_path: Path) -> None:
    head = "STT,document_id,files,sha256,pages,record_type,unit_code,year,Tủ số\n"
    rows = "".join(f"{n},D{n},{n}.pdf,{'a' * 64},1,birth,00256,1998,T{n}\n" for n in (1, 2))
    reading = read(tmp_path, head + rows)
    assert len(reading.entries) == 2
    assert faults(reading) == [("column_unknown", 1, "Tủ số")]


def test_a_field_of_another_record_type_is_told_and_left_out(tmp_path: Path, manifest_text: Text) -> None:
    reading = read(tmp_path, manifest_text(wife_name="Trần Thị B"))
    assert reading.entries[0].keyed == {}
    (fault,) = reading.faults
    assert (fault.code, fault.severity, fault.column) == ("value_ignored", Severity.WARNING, "wife_name")
    assert "Trần Thị B" not in fault.sentence()


@pytest.mark.parametrize("header", ["person_name", "Họ, chữ đệm, tên", "ho chu dem ten", "Họ và tên", "HỌ TÊN"])
def test_a_keyed_column_by_name_label_or_printed_label(tmp_path: Path, manifest_text: Text, header: str) -> None:
    head, row = manifest_text().splitlines()
    reading = read(tmp_path, f'{head},"{header}"\n{row},Nguyễn Văn Mẫu\n')
    assert reading.faults == ()
    assert reading.entries[0].keyed == {"person_name": "Nguyễn Văn Mẫu"}


def test_two_columns_of_one_field_may_agree_but_not_differ(tmp_path: Path, manifest_text: Text) -> None:
    cells = {"person_name": "Nguyễn Văn Mẫu", "Họ và tên": "Nguyễn Văn Mẫu"}
    assert read(tmp_path, manifest_text(**cells).replace("Họ và tên", "Ho va ten")).faults == ()
    reading = read(tmp_path, manifest_text(**{**cells, "Họ và tên": "Người Khác"}))
    assert [fault.code for fault in reading.faults] == ["value_invalid"]
    assert "Người Khác" not in reading.faults[0].sentence()


def test_a_label_that_two_fields_of_a_type_share_means_neither(tmp_path: Path, manifest_text: Text) -> None:
    text = (
        manifest_text(record_type="marriage")
        .replace("year\n", "year,Nơi cư trú\n")
        .replace('"1998"\n', '"1998","HN"\n')
    )
    reading = read(tmp_path, text)
    assert reading.entries[0].keyed == {}
    assert [fault.code for fault in reading.faults] == ["value_ignored"]


# --- what is refused, and how it is told


def test_all_faults_of_all_rows_are_told_at_once_with_row_and_column(tmp_path: Path, manifest_text: Text) -> None:
    bad = {
        "document_id": "a/b",
        "files": "../x.pdf",
        "sha256": "123",
        "pages": "0",
        "record_type": "khai xinh",
        "unit_code": "99999",
        "year": "1798",
    }
    head, first = manifest_text(**bad).splitlines()
    second = manifest_text(document_id="B", pages="").splitlines()[1]
    good = manifest_text(document_id="C").splitlines()[1]
    reading = read(tmp_path, "\n".join([head, first, second, good]))
    assert sorted(faults(reading)) == sorted(
        [
            ("value_invalid", 2, "document_id"),
            ("unsafe_path", 2, "files"),
            ("value_invalid", 2, "sha256"),
            ("value_invalid", 2, "pages"),
            ("unknown_record_type", 2, "record_type"),
            ("unknown_unit", 2, "unit_code"),
            ("value_invalid", 2, "year"),
            ("value_missing", 3, "pages"),
        ]
    )
    assert [entry.document_id for entry in reading.entries] == ["C"]
    assert not reading.blocked
    assert {fault.document_id for fault in reading.faults} == {"_row-2", "B"}
    assert any("Khai sinh (birth)" in fault.detail for fault in reading.faults)


@pytest.mark.parametrize("column", ["document_id", "files", "sha256", "pages", "record_type", "unit_code", "year"])
def test_each_required_column_and_cell(tmp_path: Path, manifest_text: Text, column: str) -> None:
    reading = read(tmp_path, manifest_text(**{column: " "}))
    assert faults(reading) == [("value_missing", 2, column)]
    assert reading.entries == () and not reading.blocked
    reading = read(tmp_path, manifest_text().replace(column, "x", 1))
    assert [fault.code for fault in reading.faults] == ["column_missing"]
    assert f"({column})" in reading.faults[0].detail
    assert reading.blocked


def test_a_column_that_stands_twice_blocks(tmp_path: Path, manifest_text: Text) -> None:
    reading = read(tmp_path, manifest_text(**{"Số trang": "2"}))
    assert faults(reading) == [("column_repeated", 1, "Số trang")]
    assert reading.blocked


@pytest.mark.parametrize(
    "name",
    [
        "../x.pdf",
        "a/../../x.pdf",
        "/etc/passwd",
        "C:\\scan\\x.pdf",
        "c:x.pdf",
        "sub\\x.pdf",
        "./x.pdf",
        "a//b.pdf",
        "~/x.pdf",
        "_READY",
        "_ready",
        "manifest.csv",
        "MANIFEST.XLSX",
        "x" * 300 + ".pdf",
        "ok.pdf; ../x.pdf",
    ],
)
def test_file_names_that_could_point_elsewhere(tmp_path: Path, manifest_text: Text, name: str) -> None:
    reading = read(tmp_path, manifest_text(files=name, sha256=";".join("a" * 64 for _ in name.split(";"))))
    assert faults(reading) == [("unsafe_path", 2, "files")]
    assert reading.entries == ()


@pytest.mark.parametrize("name", ["x\x00.pdf", "x\x1b[2J.pdf", "x\u202efdp.exe"])
def test_file_names_with_characters_nobody_sees(tmp_path: Path, manifest_text: Text, name: str) -> None:
    reading = read(tmp_path, manifest_text(files=name).encode("utf-8"))
    assert reading.entries == ()
    assert all(fault.sentence().isprintable() for fault in reading.faults)


@pytest.mark.parametrize("bad", [".hidden", "..", ".", "a b", "hồ-sơ", "a/b", "a" * 101, "a\tb", "x;y"])
def test_document_ids_that_cannot_name_a_folder(tmp_path: Path, manifest_text: Text, bad: str) -> None:
    reading = read(tmp_path, manifest_text(document_id=bad))
    assert faults(reading) == [("value_invalid", 2, "document_id")]
    assert reading.faults[0].document_id == "_row-2"


def test_a_repeated_id_refuses_every_row_that_bears_it(tmp_path: Path, manifest_text: Text) -> None:
    head, row = manifest_text().splitlines()
    reading = read(tmp_path, "\n".join([head, row, row.replace("KS-0001", "ks-0001"), row.replace("KS-0001", "Z")]))
    assert faults(reading) == [("document_id_repeated", 2, None), ("document_id_repeated", 3, None)]
    assert [entry.document_id for entry in reading.entries] == ["Z"]
    assert [fault.document_id for fault in reading.faults] == ["KS-0001", "ks-0001"]


def test_files_and_digests_must_pair(tmp_path: Path, manifest_text: Text) -> None:
    reading = read(tmp_path, manifest_text(files="a.pdf;b.pdf"))
    assert faults(reading) == [("value_invalid", 2, "sha256")]
    assert "1 mã cho 2 tệp" in reading.faults[0].detail
    assert faults(read(tmp_path, manifest_text(files="a.pdf;A.pdf", sha256="a" * 64 + ";" + "b" * 64))) == [
        ("value_invalid", 2, "files")
    ]
    assert faults(read(tmp_path, manifest_text(files=";"))) == [("value_missing", 2, "files")]
    assert read(tmp_path, manifest_text(files="a.pdf;", sha256="a" * 64 + ";")).faults == ()


@pytest.mark.parametrize(("cell", "pages"), [("3", 3), ("3.0", 3), ("3,0", 3), ("  3 ", 3), ("\u200b3", 3)])
def test_page_counts_as_spreadsheets_write_them(tmp_path: Path, manifest_text: Text, cell: str, pages: int) -> None:
    assert read(tmp_path, manifest_text(pages=cell)).entries[0].pages == pages


@pytest.mark.parametrize(
    "cell", ["0", "-1", "3.5", "1.234", "ba", "٣", "3e2", "99999", "=1+1", "3 tr", "#N/A", "###"]
)
def test_page_counts_that_are_none(tmp_path: Path, manifest_text: Text, cell: str) -> None:
    assert faults(read(tmp_path, manifest_text(pages=cell))) == [("value_invalid", 2, "pages")]


@pytest.mark.parametrize(
    ("year", "fine"), [("1944", False), ("1945", True), ("2026", True), ("2027", False), ("98", False)]
)
def test_years_from_1945_to_this_year(tmp_path: Path, manifest_text: Text, year: str, fine: bool) -> None:
    reading = read(tmp_path, manifest_text(year=year))
    assert bool(reading.entries) is fine
    assert faults(reading) == ([] if fine else [("value_invalid", 2, "year")])


def test_this_year_is_vietnams(tmp_path: Path, manifest_text: Text) -> None:
    path = tmp_path / "manifest.csv"
    path.write_text(manifest_text(year="2031"), encoding="utf-8")
    assert read_manifest(path, today=dt.date(2031, 1, 1)).faults == ()
    assert read_manifest(path, today=dt.date(2030, 12, 31)).entries == ()


# --- units


def test_a_unit_that_did_not_exist_that_year_is_told_with_its_validity(tmp_path: Path, manifest_text: Text) -> None:
    reading = read(tmp_path, manifest_text(unit_code="00265", year="2025"))
    (fault,) = reading.faults
    assert fault.code == "unknown_unit"
    assert "Phường Đống Mác đến 31/12/2024" in fault.detail and "2025" in fault.detail
    assert read(tmp_path, manifest_text(unit_code="00265", year="2024")).faults == ()
    assert faults(read(tmp_path, manifest_text(unit_code="007", year="2026"))) == [("unknown_unit", 2, "unit_code")]


def test_a_unit_that_lost_its_zeros_is_taken_when_it_can_mean_only_one(tmp_path: Path, manifest_text: Text) -> None:
    reading = read(tmp_path, manifest_text(unit_code="256"))
    assert reading.entries[0].unit_code == "00256"
    (fault,) = reading.faults
    assert (fault.code, fault.severity) == ("value_adjusted", Severity.WARNING)
    assert "00256 Phường Lê Đại Hành" in fault.detail


def test_a_number_that_is_a_district_and_a_ward_is_not_guessed(tmp_path: Path, manifest_text: Text) -> None:
    reading = read(tmp_path, manifest_text(unit_code="268"))
    assert faults(reading) == [("value_invalid", 2, "unit_code")]
    assert "268 (Quận Hà Đông) hoặc 00268 (Phường Thanh Lương)" in reading.faults[0].detail
    assert faults(read(tmp_path, manifest_text(unit_code="1"))) == [("value_invalid", 2, "unit_code")]


def test_a_year_settles_what_a_shortened_code_means(tmp_path: Path, manifest_text: Text) -> None:
    reading = read(tmp_path, manifest_text(unit_code="4", year="2026"))
    assert reading.entries[0].unit_code == "00004"  # districts are gone


@pytest.mark.parametrize("how", ["apostrophe", "home", "neighbour", "workbook"])
def test_a_district_code_is_meant_when_it_is_known_to_be_typed_whole(
    tmp_path: Path, manifest_text: Text, how: str
) -> None:
    text = manifest_text(unit_code="'268" if how == "apostrophe" else "268")
    if how == "neighbour":
        text += manifest_text(document_id="B", unit_code="00256").splitlines()[1]
    if how == "workbook":
        path = tmp_path / "manifest.xlsx"
        write_manifest(path, [GOOD])
        book = openpyxl.load_workbook(path)
        book.active["F2"].value = "268"
        book.save(path)
        reading = read_manifest(path)
    else:
        reading = read(tmp_path, text, home="268" if how == "home" else None)
    assert reading.faults == ()
    assert reading.entries[0].unit_code == "268"


# --- character sets and damage


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("Mã hồ sơ,Tệp\n".encode("utf-16-le"), "byte 0"),
        ("document_id,note\nA,hå s¬\n".encode("latin-1"), "dòng 2 không phải UTF-8"),
        ("document_id,note\nA,c\u00f4ng\n".encode("cp1258"), "Windows-1258"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "XLS kiểu cũ"),
        (b"PK\x03\x04 not a zip", "XLSX hỏng"),
        (b'document_id,files\n"A,x.pdf\nB,y.pdf\n', "không đóng"),
    ],
)
def test_files_that_cannot_be_read_say_what_to_do(tmp_path: Path, data: bytes, word: str) -> None:
    reading = read(tmp_path, data)
    (fault,) = reading.faults
    assert fault.code == "manifest_invalid" and word in fault.detail
    assert reading.blocked and reading.entries == ()


def test_a_value_in_an_old_vietnamese_font_is_told_without_quoting_it(tmp_path: Path, manifest_text: Text) -> None:
    reading = read(tmp_path, manifest_text(person_name="NguyÔn V¨n An"))
    (fault,) = reading.faults
    assert fault.code == "value_invalid" and "TCVN3" in fault.detail and "V¨n" not in fault.sentence()
    assert read(tmp_path, manifest_text(person_name="François Müller", note="60 m²")).faults == ()


@pytest.mark.parametrize(("cell", "word"), [("Dec-20", "tháng"), ("12-Thg12", "tháng"), ("1.23457E+11", "rút gọn")])
def test_numbers_that_excel_changed_are_refused(tmp_path: Path, manifest_text: Text, cell: str, word: str) -> None:
    (fault,) = read(tmp_path, manifest_text(number=cell)).faults
    assert (fault.code, fault.column) == ("value_invalid", "number") and word in fault.detail


def test_a_personal_id_that_may_have_lost_a_zero_is_told(tmp_path: Path, manifest_text: Text) -> None:
    reading = read(tmp_path, manifest_text(personal_id="12345678901"))
    assert [(fault.code, fault.severity) for fault in reading.faults] == [("value_adjusted", Severity.WARNING)]
    assert reading.entries[0].keyed["personal_id"] == "12345678901"
    assert read(tmp_path, manifest_text(personal_id="012345678901")).faults == ()


def test_an_unquoted_separator_is_told_instead_of_shifting_cells(tmp_path: Path, manifest_text: Text) -> None:
    reading = read(tmp_path, manifest_text().rstrip("\n") + ",thừa\n")
    assert faults(reading) == [("value_invalid", 2, None)]


def test_a_thousand_rows_of_one_id_are_told_without_listing_all(tmp_path: Path, manifest_text: Text) -> None:
    head, row = manifest_text().splitlines()
    reading = read(tmp_path, "\n".join([head, *[row] * 1000]))
    assert len(reading.faults) == 1000 and reading.entries == ()
    assert reading.faults[0].detail == "ở các dòng 2, 3, 4, 5, 6…"


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", "document_id,files,sha256,pages,record_type,unit_code,year"])
def test_an_empty_manifest(tmp_path: Path, text: str) -> None:
    reading = read(tmp_path, text)
    assert [fault.code for fault in reading.faults] == ["manifest_empty"]
    assert reading.blocked


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    reading = read_manifest(tmp_path / "manifest.csv")
    assert [fault.code for fault in reading.faults] == ["manifest_missing"]
    assert find_manifest(tmp_path) is None
    assert find_manifest(tmp_path / "none") is None


def test_the_manifest_is_found_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "Manifest.XLSX").touch()
    assert find_manifest(tmp_path) == tmp_path / "Manifest.XLSX"
    (tmp_path / "manifest.csv").touch()
    assert find_manifest(tmp_path) == tmp_path / "manifest.csv"


# --- any bytes, any cells

_HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "=cmd|'/c calc'!A0",
            "../../x",
            "\x00",
            "\ud800",
            "'",
            '"',
            "''",
            "=",
            "1e999",
            "NaN",
            "-0",
            "٣",
            "𝟏",
            "a" * 5000,
        ]
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
)
def test_no_bytes_make_reading_raise(tmp_path: Path, data: bytes) -> None:
    reading = read(tmp_path, data)
    assert reading.entries == () and reading.faults
    assert all(fault.code in REASONS and fault.sentence() for fault in reading.faults)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    column=st.sampled_from(
        [
            "document_id",
            "files",
            "sha256",
            "pages",
            "record_type",
            "unit_code",
            "year",
            "medium",
            "number",
            "person_name",
        ]
    ),
    cell=_HOSTILE,
)
def test_a_hostile_cell_is_told_or_harmless(tmp_path: Path, manifest_text: Text, column: str, cell: str) -> None:
    reading = read(tmp_path, manifest_text(**{column: cell}).encode("utf-8", "replace"))
    for fault in reading.faults:
        assert fault.code in REASONS
        assert fault.sentence().isprintable(), fault
    for entry in reading.entries:
        assert not any(part in {"", ".", ".."} for name in entry.files for part in name.split("/"))
        assert entry.pages >= 1 and len(entry.document_id) <= 100
    assert reading.entries or reading.faults


_WORD = (
    st.text(st.sampled_from("abcXYZ0189.-_ ăâđêôơưẠỹ=+@'\"/"), min_size=1, max_size=20)
    .map(lambda text: " ".join(unicodedata.normalize("NFC", text).split()))
    .filter(bool)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from([".csv", ".xlsx"]),
    vietnamese=st.booleans(),
    number=_WORD.filter(lambda text: "E+" not in text),
    name=_WORD,
    note=_WORD,
    pages=st.integers(1, 9999),
)
def test_what_is_written_is_read_back(
    tmp_path: Path, suffix: str, vietnamese: bool, number: str, name: str, note: str, pages: int
) -> None:
    entry = DocumentEntry(
        document_id="-A.1",
        files=("sub/trang 1.jpg", "trang 2.jpg"),
        sha256=("a" * 64, "b" * 64),
        pages=pages,
        record_type="birth",
        unit_code="00256",
        year=1998,
        keyed={"number": number, "person_name": name},
        medium=Medium.TYPED,
        number=number,
        note=note,
        row=2,
    )
    path = tmp_path / f"manifest{suffix}"
    write_manifest(path, [entry], vietnamese=vietnamese)
    reading = read_manifest(path)
    assert reading.faults == ()
    assert reading.entries == (entry,)


def test_a_file_name_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    entry = DocumentEntry("A", ("a;b.pdf",), ("a" * 64,), 1, "birth", "00256", 1998)
    with pytest.raises(ValueError, match="rename the file"):
        write_manifest(tmp_path / "manifest.csv", [entry])
    with pytest.raises(ValueError, match="suffixes"):
        write_manifest(tmp_path / "manifest.ods", [])
