"""Finding: the same questions and answers on SQLite and PostgreSQL."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manifests.documents import DocumentRecord, Party
from warehouse import schema
from warehouse.database import limited, reading, writing
from warehouse.errors import QueryTooBroadError
from warehouse.hits import MOST_HITS, Match, SearchPage, SearchQuery
from warehouse.load import load_records
from warehouse.schema_search import name_word, search_entry
from warehouse.scope import Scope, UnitYears
from warehouse.search import search_records
from warehouse.search_index import refill_search

MakeRecord = Callable[..., DocumentRecord]
PEOPLE = {
    "dao": "Nguyễn Thị Đào",
    "dao2": "Nguyễn Thị Đảo",
    "hoa": "NGUYỄN THỊ HOÀ",
    "hoa2": "Nguyễn Thị Hoa",
    "hoan": "Nguyễn Thị Hoan",
    "hung": "Trần Văn Hùng",
    "hung2": "Hùng Văn Trần",
    "ede": "H’Yiêng Niê Kđăm",
}


def _ids(page: SearchPage) -> list[str]:
    return [hit.document.document_id for hit in page.hits]


def _find(engine: sa.Engine, **query: object) -> list[str]:
    return _ids(search_records(engine, SearchQuery(**query)))  # type: ignore[arg-type]


def _alone(record: DocumentRecord, *parties: Party) -> DocumentRecord:
    return dataclasses.replace(record, record=dataclasses.replace(record.record, parties=parties))


@pytest.fixture
def people(engine: sa.Engine, make_record: MakeRecord) -> sa.Engine:
    load_records(
        engine,
        [
            _alone(make_record(key, number=f"{at:03}/1998"), Party("subject", name, "1990-03-12"))
            for at, (key, name) in enumerate(PEOPLE.items(), 1)
        ],
    )
    return engine


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Nguyễn Thị Đào", ["dao", "dao2"]),
        ("nguyen thi dao", ["dao", "dao2"]),
        ("ĐẢO nguyễn", ["dao", "dao2"]),
        ("nguyễn thị hoà", ["hoa", "hoa2", "hoan"]),
        ("nguyễn thị hoa", ["hoa2", "hoa", "hoan"]),
        ("van hung", ["hung", "hung2"]),
        ("Hùng Văn Trần", ["hung2", "hung"]),
        ("h yieng", ["ede"]),
        ("H'Yiêng Kđăm", ["ede"]),
    ],
)
def test_people_are_found_with_or_without_diacritics_in_any_order_the_best_first(
    people: sa.Engine, typed: str, found: list[str]
) -> None:
    assert _find(people, name=typed) == found
    assert _find(people, anything=typed)[: len(found)] == found


@pytest.mark.parametrize(
    "typed", ["Trần Văn Hùmg", "Trân Văn Hugn", "Tran Va Hung", "Trrần Văn Hùng", "van hungg", "Tran Vawn Hung"]
)
def test_a_slip_of_a_letter_is_forgiven(people: sa.Engine, typed: str) -> None:
    page = search_records(people, SearchQuery(name=typed))
    assert sorted(_ids(page)) == ["hung", "hung2"]
    assert {hit.match for hit in page.hits} == {Match.SIMILAR_NAME}


def test_somebody_else_is_not_found(people: sa.Engine) -> None:
    assert _find(people, name="Trần Thị Lan") == []
    assert _find(people, name="Nguyễn Thị Đào Hùng") == []
    assert _find(people, name="xyzzy") == []


def test_a_name_holds_whole_words_and_not_their_letters(engine: sa.Engine, make_record: MakeRecord) -> None:
    names = ("Tô Hoàng Trang", "Tô Hoàng An", "An Tô Lan", "Tô Lan An", "Tô Ngân Trân")
    load_records(engine, [_alone(make_record(name), Party("subject", name, None)) for name in names])
    # Whichever of the words is the rarest and is walked along.
    assert _find(engine, name="An Tô") == ["An Tô Lan", "Tô Hoàng An", "Tô Lan An"]
    assert _find(engine, name="An Hoàng") == ["Tô Hoàng An"]
    assert "Tô Ngân Trân" not in _find(engine, name="Tô An")


def test_somebody_loaded_between_two_searches_is_found(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [_alone(make_record("a"), Party("subject", "Tô Thị Lan", None))])
    assert _find(engine, name="Lan Tô") == ["a"]
    more = [("b", "Tô Văn Lan"), ("c", "Tô Thị Lan"), ("d", "Lan Tô")]
    load_records(engine, [_alone(make_record(key), Party("subject", name, None)) for key, name in more])
    assert _find(engine, name="Lan Tô")[0] == "d"
    assert set(_find(engine, name="Lan Tô")) == {"a", "b", "c", "d"}


def test_a_hit_tells_why_it_was_found(people: sa.Engine) -> None:
    hit = search_records(people, SearchQuery(name="dao thi nguyen")).hits[0]
    assert (hit.match, hit.matched_name, hit.names) == (Match.NAME, "Nguyễn Thị Đào", ("Nguyễn Thị Đào",))
    assert (hit.record_type_name, hit.unit_name) == ("Khai sinh", "Phường Lê Đại Hành")


def test_name_and_birth_date_are_of_one_person(engine: sa.Engine, make_record: MakeRecord) -> None:
    both = (Party("mother", "Lê Thị Mơ", "1970-01-02"), Party("subject", "Lê An", "1998-05-06"))
    load_records(
        engine, [_alone(make_record("a"), *both), _alone(make_record("b"), Party("subject", "Lê An", "1998"))]
    )
    assert _find(engine, name="lê an", birth_date="06/05/1998") == ["a", "b"]
    assert _find(engine, name="lê an", birth_date="02/01/1970") == []
    assert _find(engine, name="lê thị mơ", birth_date="1970-01-02") == ["a"]
    assert _find(engine, birth_date="1970") == ["a"]
    assert _find(engine, birth_date="12/1998") == []
    assert _find(engine, birth_date="5/1998") == ["a"]
    assert _find(engine, anything="Lê An 6/5/1998")[0] == "a"
    assert _find(engine, anything="Lê An 1998") == ["a", "b"]
    assert _find(engine, birth_date="hôm qua") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"number": "45"}, ["short", "long"]),
        ({"number": "045/1998"}, ["long"]),
        ({"number": "45", "year": 1998}, ["long"]),
        ({"number": "45", "unit_code": "00283"}, []),
        ({"number": "4"}, []),
        ({"book": "1", "record_type": "marriage"}, ["short"]),
        ({"unit_code": "00256", "year": 1998}, ["long"]),
        ({"personal_id": "001 198 000 001", "year": 1998}, ["long"]),
        ({"anything": "001198000001"}, ["long", "short"]),
        ({"anything": "số 45/1998"}, []),
        ({"anything": "45/1998"}, ["long"]),
        ({"record_type": "death"}, []),
        ({}, []),
        ({"number": "///"}, []),
        ({"name": "..."}, []),
        ({"name": "  ", "text": " "}, []),
    ],
)
def test_numbers_books_units_years_and_types_narrow(
    engine: sa.Engine, make_record: MakeRecord, query: dict[str, object], found: list[str]
) -> None:
    load_records(
        engine,
        [
            make_record("long", number="045 / 1998"),
            make_record("short", number="45", record_type="marriage", year=2003),
        ],
    )
    assert sorted(_find(engine, **query)) == sorted(found)


def test_the_text_of_the_pages_is_found_with_its_page(engine: sa.Engine, make_record: MakeRecord) -> None:
    long = "Điều 1. Nội dung không liên quan. " * 30
    first = make_record("a", pages=2, text="Trang không có gì.")
    second = dataclasses.replace(first.pages[1], text=f"{long}Nơi cư trú: số 12 phố Bạch\nMai, Hà Nội. {long}")
    load_records(
        engine,
        [
            dataclasses.replace(first, pages=(first.pages[0], second)),
            make_record("b", text="Mai này về phố Huế, nhà họ Bạch"),
        ],
    )
    page = search_records(engine, SearchQuery(text="bach mai"))
    assert _ids(page) == ["a", "b"]
    snippet = page.hits[0].snippet
    assert snippet is not None
    assert snippet.page_number == 2
    assert [part.text for part in snippet.parts if part.matched] == ["Bạch", "Mai"]
    assert "phố Bạch Mai, Hà Nội" in "".join(part.text for part in snippet.parts)
    assert len("".join(part.text for part in snippet.parts)) < 260
    assert _find(engine, text='"bạch mai"') == ["a"]
    assert _find(engine, text='"mai bạch"') == []
    assert _find(engine, text="bạch đằng") == []
    assert _find(engine, text="bạch mai", name="Nguyễn Thị Đào", year=1998) == ["a", "b"]
    assert _find(engine, text="bạch huế", name="Nguyễn Đào") == ["b"]
    assert _find(engine, anything="phố huế") == ["b"]


def test_a_name_is_shown_where_it_stands(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record("a", text="Họ và tên: NGUYỄN THỊ ĐÀO, sinh năm 1998")])
    (hit,) = search_records(engine, SearchQuery(name="dao nguyen")).hits
    assert hit.snippet is not None
    assert [part.text for part in hit.snippet.parts if part.matched] == ["NGUYỄN", "THỊ", "ĐÀO"]


def test_a_replaced_record_is_found_by_what_it_says_now(engine: sa.Engine, make_record: MakeRecord) -> None:
    old = make_record("a", name="Lê Văn Cũ", text="chữ cũ", number="7")
    load_records(engine, [old])
    later = make_record(
        "a", name="Lê Văn Mới", text="chữ mới", number="8", finished_at=old.finished_at + dt.timedelta(days=1)
    )
    load_records(engine, [later])
    assert _find(engine, name="lê văn cũ") == []
    assert _find(engine, text="cũ") == []
    assert _find(engine, number="7") == []
    assert _find(engine, name="lê văn mới") == _find(engine, text="mới") == _find(engine, number="8") == ["a"]
    load_records(engine, [later, old])
    assert _find(engine, text="mới") == ["a"]


def test_the_index_can_be_made_anew_from_the_facts(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record(f"d{at:03}", text=f"trang số {at}", pages=2) for at in range(520)])
    with writing(engine) as connection:
        connection.execute(sa.delete(search_entry))
        connection.execute(sa.delete(name_word))
        connection.execute(sa.update(schema.party).values(name_folded="", name_spelled="", unit_code="", year=0))
    assert _find(engine, name="nguyen thi dao") == _find(engine, text="trang 519") == []
    assert refill_search(engine) == 520
    assert _find(engine, text="trang 519") == ["d519"]
    assert _find(engine, name="nguyen thi doa", year=1998, unit_code="00256", text='"trang so 77"') == ["d077"]


def test_pages_of_hits_neither_overlap_nor_leave_out(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record(f"d{at:02}", year=1990 + at % 5) for at in range(23)])
    query = SearchQuery(name="nguyễn đào")
    whole = search_records(engine, query, limit=100)
    assert (whole.total, whole.complete, len(whole.hits)) == (23, True, 23)
    parts = [search_records(engine, query, limit=5, offset=at) for at in range(0, 30, 5)]
    assert [key for part in parts for key in _ids(part)] == _ids(whole)
    assert {part.total for part in parts} == {23}


def test_more_hits_than_anybody_reads_are_not_counted(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record(f"d{at:04}") for at in range(MOST_HITS + 10)])
    page = search_records(engine, SearchQuery(name="nguyễn thị đào"), limit=10, offset=MOST_HITS - 5)
    assert (page.total, page.complete, len(page.hits)) == (MOST_HITS, False, 5)
    assert search_records(engine, SearchQuery(name="nguyễn thị đào"), offset=10**9).hits == ()


@pytest.mark.parametrize(
    "query",
    [
        {"name": "nguyen thi dao"},
        {"name": "nguyen thi doa"},
        {"number": "12"},
        {"text": "khai sinh"},
        {"birth_date": "1998"},
        {"personal_id": "001198000001"},
        {"record_type": "birth"},
        {"anything": "Đào"},
        {"anything": "giấy"},
    ],
)
def test_a_scope_hides_what_is_not_in_it(engine: sa.Engine, make_record: MakeRecord, query: dict[str, str]) -> None:
    load_records(
        engine,
        [
            make_record("mine", unit_code="00256", year=1998),
            make_record("later", unit_code="00256", year=2026),
            make_record("theirs", unit_code="00283"),
        ],
    )
    day = dt.date(2000, 1, 1)
    scope = Scope((UnitYears("00256@-", "00256", 0, 2024, day, day),))
    assert len(_find(engine, **query)) == 3
    page = search_records(engine, SearchQuery(**query), scope=scope)
    assert (_ids(page), page.total) == (["mine"], 1)
    assert search_records(engine, SearchQuery(**query), scope=Scope(())).total == 0


HOSTILE = [
    "' OR 1=1 --",
    '"',
    '"" AND "',
    "nguyen* OR NEAR(a b) NOT x",
    "words:x ^a -b +c",
    "% _ \\ %%",
    "a\x00b",
    "((((",
    "x" * 10_000,
    "a " * 5_000,
    "\ud7ff\u200b\u0301\u0301",
    "đ" * 3000,
    "NULL",
    "<->&|!:*",
    "😀 ½ ﷺ",
]


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_questions_do_no_harm(people: sa.Engine, typed: str) -> None:
    for name in (
        "anything",
        "name",
        "birth_date",
        "personal_id",
        "number",
        "book",
        "unit_code",
        "record_type",
        "text",
    ):
        assert _find(people, **{name: typed}) == []
    assert len(_find(people, name="nguyen thi dao")) == 2


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(typed=st.text(max_size=30))
def test_any_question_is_answered(people: sa.Engine, typed: str) -> None:
    for query in (SearchQuery(anything=typed), SearchQuery(name=typed, text=typed, number=typed)):
        page = search_records(people, query)
        assert len(page.hits) == min(page.total, page.limit)


def test_hostile_names_and_texts_can_be_loaded_and_found(engine: sa.Engine, make_record: MakeRecord) -> None:
    import random

    noise = "".join(random.Random(3).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9000))
    record = make_record(
        "a", name=f"Lê {noise}", number=noise, text=f"đầu {noise} cuối\x00 'x' & | ! :* {noise * 40}"
    )
    record = _alone(record, Party("subject", f"Lê {noise}", noise, noise), Party("mother", "", None, None))
    load_records(engine, [record])
    assert _find(engine, text="đầu cuối") == ["a"]
    assert _find(engine, name=f"Lê {noise}") == ["a"]
    assert _find(engine, number=noise) == ["a"]


def test_a_search_that_takes_too_long_says_how_to_narrow_it(engine: sa.Engine) -> None:
    endless = sa.text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
    with (
        pytest.raises(QueryTooBroadError, match="add a word"),
        reading(engine) as connection,
        limited(connection, 0.2),
    ):
        connection.execute(endless)
    with reading(engine) as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar() == 1


def test_a_long_document_is_searched_to_its_end(engine: sa.Engine, make_record: MakeRecord) -> None:
    it = make_record("a", pages=450, text="chữ thường " * 60)
    last = dataclasses.replace(it.pages[-2], text="Kết luận: bằng lăng tím.")
    load_records(engine, [dataclasses.replace(it, pages=(*it.pages[:-2], last, it.pages[-1]))])
    (hit,) = search_records(engine, SearchQuery(text="bằng lăng")).hits
    assert hit.snippet is not None
    assert hit.snippet.page_number == 449
