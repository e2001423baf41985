"""A fictional district archive as finished records: always the same for the same numbers, nobody real in it.

The sizes are those Hai Bà Trưng reported: 213,420 files of 1,036,390 pages, of which 86,257 files of 88,629 pages lie
in the wards (civil status, one page) and the rest in the district (decisions and permits, seven pages and a half).
Names are drawn as they are spread in Viet Nam: four in ten are called Nguyễn, a third bears Thị, a few people sign
thousands of papers. A batch is a box: registers of one type and some years, and papers that lay in the wrong one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass

from manifests.delivery import ScanFacts
from manifests.documents import (
    Artefact,
    ArtefactKind,
    BatchRef,
    DocumentEntry,
    DocumentRecord,
    Event,
    FieldSource,
    FieldValue,
    Medium,
    PageRow,
    Party,
    Record,
    RecordStatus,
    SignatureFact,
)
from manifests.text import Bbox, PageFacts, PageVerdict
from manifests.units import Tier, units
from pipeline.results import Receipt, ReceivedDocument

WARD_FILES, WARD_PAGES = 86_257, 88_629
FILES, PAGES = 213_420, 1_036_390
BATCH = 500
FINISHED = dt.datetime(2025, 3, 1, 2, 0, tzinfo=dt.UTC)

SURNAMES = {
    "Nguyễn": 384, "Trần": 110, "Lê": 95, "Phạm": 71, "Hoàng": 51, "Phan": 45, "Vũ": 39, "Đặng": 21, "Bùi": 20,
    "Đỗ": 14, "Hồ": 13, "Ngô": 13, "Dương": 10, "Lý": 5, "Đinh": 9, "Đoàn": 8, "Trịnh": 8, "Mai": 7, "Đào": 7,
    "Lương": 6, "Cao": 6, "Tạ": 5, "Hà": 5, "Lưu": 5, "Phùng": 4, "Chu": 4, "Tô": 3, "Quách": 3, "Thái": 3,
    "Kiều": 2, "Nghiêm": 2, "Khuất": 1, "Doãn": 1, "Ông": 1, "Âu": 1, "Tống": 1, "Từ": 1, "Văn": 1, "Viên": 1,
}  # fmt: skip
_MIDDLES = (
    "Hữu Minh Minh Ngọc Ngọc Thanh Thanh Thu "
    "Quang Quốc Xuân Kim Hồng Anh Bảo Gia Hoàng Duy Tuấn Mạnh Công Đình Bá Trọng Khánh Phương Bích Diệu Mỹ Như "
    "Tường Việt Hải Tiến Trung Thành Nhật Hà Lan Mai Thùy Vân Tú Chí Viết Doãn Sỹ Thế Phú Vĩnh Trường Đăng Khắc "
)
MIDDLES = _MIDDLES.split()
_MIDDLE_WEIGHTS = {"Thị": 40, "Văn": 25, "Đức": 4} | {it: _MIDDLES.split().count(it) for it in MIDDLES}
"""Two in five women's and one in four men's papers of these years: whole villages share a name."""
_GIVEN = (
    "An Anh Ánh Bách Bảo Bích Bình Cảnh Cầm Châu Chi Chiến Chung Công Cúc Cường Cương Danh Diễm Diệp Diệu Dung "
    "Dũng Duy Duyên Dương Đại Đàn Đào Đạt Điệp Đoan Đô Đông Đồng Đức Giang Hà Hải Hạnh Hào Hảo Hân Hằng Hậu Hiền "
    "Hiển Hiếu Hiệp Hoa Hòa Hoà Hoài Hoan Hoàn Hoàng Hồng Huân Huế Huệ Hùng Huy Huyền Hưng Hương Hường Hữu Khải "
    "Khang Khanh Khánh Khiêm Khoa Khôi Kiên Kiều Kim Lan Lâm Lệ Liên Liễu Linh Loan Long Lộc Lợi Luân Luận Lụa "
    "Lương Ly Mai Mạnh Mẫn Miên Minh My Mỹ Nam Nga Ngà Ngân Nghĩa Ngọc Nguyên Nguyệt Nhàn Nhã Nhân Nhật Nhi Nhung "
    "Như Oanh Phát Phong Phú Phúc Phụng Phương Phước Phượng Quang Quân Quế Quốc Quý Quyên Quyền Quỳnh Sáng San "
    "Sen Sinh Sơn Sương Tài Tâm Tân Tấn Thạch Thái Thanh Thành Thảo Thắm Thắng Thi Thiện Thịnh Thoa Thọ Thơ Thu "
    "Thuận Thục Thủy Thúy Thùy Thư Thường Tiên Tiến Tín Tình Toàn Toản Trà Trang Trâm Trân Trí Trinh Trọng Trung "
    "Trúc Trường Tú Tuấn Tuệ Tùng Tuyên Tuyến Tuyền Tuyết Tường Uyên Vân Vi Việt Vinh Vĩnh Vũ Vượng Vy Xuân Xuyến "
    "Yên Yến "
)
_COMMON_GIVEN = (
    "Anh Hương Hùng Hoa Lan Hà Minh Tuấn Dũng Linh Thảo Hải Hằng Thủy Bình Mai Long Trang Sơn Nam Nga Thanh Phương "
    "Cường Hạnh Yến Đức Hiền Thắng Hồng Tâm Quang Huyền Dung Trung Giang An Hưng Ngọc Loan "
)
GIVEN = list(dict.fromkeys([*_COMMON_GIVEN.split(), *_GIVEN.split()]))
_GIVEN_WEIGHTS = [1 / (rank + 10) for rank in range(len(GIVEN))]
_INITIALS = "b c ch d đ g h kh l m n ng nh ph qu s t th tr v x"
_RHYMES = (
    "a ai an ang anh ao ap at ay âm ân ất e en eo ê ênh i iên iêu o oa oan oi on ong ô ôi ông ơ ơi ơn u "
    "ua uôn ư ưa ươi ương ay ấy ộ ới ủ "
)
_SYLLABLES = [first + rest for first in _INITIALS.split() for rest in _RHYMES.split()]
random.Random(1).shuffle(_SYLLABLES)  # the order tells how frequent they are
_TYPES = ("birth", "birth", "birth", "marriage", "marital_status", "death")
_DISTRICT_TYPES = ("decision", "permit", "permit")
_FIELDS = (
    "person_name", "birth_date", "sex", "birth_place", "ethnicity", "nationality", "home_town", "personal_id",
    "mother_name", "father_name", "number", "registration_date", "signer",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class District:
    """A district with its wards; ``scale`` 0.05 is a twentieth of the real one."""

    code: str = "007"
    scale: float = 1.0
    seed: int = 7

    @property
    def files(self) -> int:
        return round(FILES * self.scale)

    @property
    def pages(self) -> int:
        return sum(self.pages_of(number) for number in range(self.files))

    def wards(self) -> list[str]:
        """Codes of its wards, each once."""
        return sorted({it.code for it in units().all() if it.parent_code == self.code and it.tier is Tier.WARD})

    def pages_of(self, number: int) -> int:
        """Pages of one file; over the whole district they add up to what was reported."""
        if number < round(WARD_FILES * self.scale):
            return 2 if number % 36 == 0 and number < (WARD_PAGES - WARD_FILES) * 36 * self.scale else 1
        rest_files, rest_pages = FILES - WARD_FILES, PAGES - WARD_PAGES
        at = number - round(WARD_FILES * self.scale)
        mean = rest_pages * (at + 1) // rest_files - rest_pages * at // rest_files
        return mean + (0, 5, -5, 2, -2, 3, -3, 0)[at % 8]

    def batches(self) -> Iterator[tuple[Receipt, list[DocumentRecord]]]:
        """Batch after batch as the road hands them over: what was received, and the finished records."""
        for start in range(0, self.files, BATCH):
            numbers = range(start, min(start + BATCH, self.files))
            yield self.batch(start // BATCH, numbers)

    def batch(self, at: int, numbers: range, *, in_wards: bool | None = None) -> tuple[Receipt, list[DocumentRecord]]:
        """The batch with this place in the row, of a ward or of the district."""
        source = random.Random(f"{self.seed}/{self.code}/{at}")
        codes = self.wards()
        if in_wards is None:
            in_wards = numbers[0] < round(WARD_FILES * self.scale)
        unit = codes[at % len(codes)] if in_wards else self.code
        ref = BatchRef(unit, f"lo-{at:05}")
        when = FINISHED + dt.timedelta(hours=at)
        kinds = _TYPES if in_wards else _DISTRICT_TYPES
        box = source.choice(kinds), source.randint(1956, 2016)
        records = []
        for number in numbers:
            # A box holds the registers of some years; every fifth paper lay where it does not belong.
            kind, year = box[0], box[1] + source.randint(0, 7)
            if source.random() < 0.2:
                kind, year = source.choice(kinds), source.randint(1956, 2023)
            records.append(self._record(source, ref, number, when, in_wards, kind, year))
        receipt = Receipt(
            batch=ref,
            run_key=_digest(f"receipt/{ref.key}"),
            manifest_sha256=_digest(f"manifest/{ref.key}"),
            documents=tuple(_received(it) for it in records),
            faults=(),
            declared=tuple(it.entry for it in records),
            blocked=False,
            received_at=when,
        )
        return receipt, records

    def _record(
        self,
        source: random.Random,
        ref: BatchRef,
        number: int,
        when: dt.datetime,
        in_wards: bool,
        kind: str,
        year: int,
    ) -> DocumentRecord:
        document_id, key = f"HS-{number:06}", f"{ref.key}/HS-{number:06}"
        count = self.pages_of(number) if not in_wards or number < self.files else 1
        names = [person_name(source) for _ in range(3 if in_wards else 1)]
        names.append(signer_name(ref.unit_code, year, source.randrange(2)))
        values = dict(zip(_FIELDS, _values(source, names, number, year), strict=True))
        fields = tuple(
            FieldValue(
                name,
                value,
                value,
                round(source.uniform(0.7, 0.99), 3),
                FieldSource.BOTH,
                1,
                Bbox(300, 400 + 90 * at, 1600, 460 + 90 * at),
                value,
                True,
            )
            for at, (name, value) in enumerate(list(values.items())[: 13 if in_wards else 5])
        )
        waiting = source.random() < 0.06
        digest = _digest(key)
        kinds = (ArtefactKind.ORIGINAL, ArtefactKind.PDFA, ArtefactKind.SIGNED_PDF)
        roles = ("subject", "mother", "father", "signer") if in_wards else ("subject", "signer")
        return DocumentRecord(
            batch=ref,
            entry=DocumentEntry(
                document_id, (f"{document_id}.pdf",), (digest,), count, kind, ref.unit_code, year,
                {"person_name": names[0], "registration_date": values["registration_date"]},
                Medium.PRINTED, f"{year % 20 + 1:02}", f"{number % 400 + 1}/{year}", None, number % BATCH + 2,
            ),
            record=Record(
                kind, ref.unit_code, year, f"{number % 400 + 1}/{year}", f"{year % 20 + 1:02}", fields,
                tuple(
                    Party(role, name, _date(source, year - 25 * (at in (1, 2))), _personal_id(source))
                    for at, (role, name) in enumerate(zip(roles, names, strict=True))
                ),
                RecordStatus.NEEDS_REVIEW if waiting else RecordStatus.ACCEPTED,
                0.6 if waiting else 0.93,
                ("low_confidence:birth_date",) if waiting else (),
                f"{year}-06-15",
            ),
            pages=tuple(_page(source, document_id, page, names, values) for page in range(1, count + 1)),
            artefacts=tuple(
                Artefact(it, f"{key}/{it}/{digest[:16]}.pdf", digest, 90_000 * count, "application/pdf")
                for it in kinds
            ),
            signatures=(
                SignatureFact("Signature1", "CN=Thử nghiệm", True, True, False, "B-T", when, when, True, False),
            ),
            input_signatures=(),
            pdfa_verdict="valid",
            legal_profile="nd30-2020",
            events=tuple(
                Event(name, when, "success", f"{count} pages", "sohoa v1")
                for name in ("recognition", "normalization", "digital signature generation", "metadata extraction")
            ),
            run_key=digest,
            finished_at=when,
        )  # fmt: skip


def person_name(source: random.Random) -> str:
    """A fictional name, as frequent as its parts are."""
    surname = source.choices(_SURNAMES, _WEIGHTS)[0]
    middles = source.choices(
        list(_MIDDLE_WEIGHTS), list(_MIDDLE_WEIGHTS.values()), k=source.choices((0, 1, 2), (4, 78, 18))[0]
    )
    return " ".join([surname, *dict.fromkeys(middles), source.choices(GIVEN, _GIVEN_WEIGHTS)[0]])


def signer_name(unit_code: str, year: int, which: int) -> str:
    """Who signed there in that year: two people for five years, thousands of papers each."""
    return person_name(random.Random(f"{unit_code}/{year // 5}/{which % 2}"))


_SURNAMES, _WEIGHTS = list(SURNAMES), list(SURNAMES.values())
_RANKS = [1 / (rank + 3) for rank in range(len(_SYLLABLES))]
_SENTENCES = [
    " ".join(random.Random(at).choices(_SYLLABLES, _RANKS, k=random.Random(at).randint(6, 14))).capitalize()
    for at in range(20_000)
]
"""Long texts are put together from these: drawing every word anew takes longer than loading it."""


def _values(source: random.Random, names: list[str], number: int, year: int) -> tuple[str, ...]:
    return (
        names[0], _date(source, year), source.choice(("Nam", "Nữ")), "Hà Nội", "Kinh", "Việt Nam",
        f"Xã {source.choice(GIVEN)}, tỉnh {source.choice(GIVEN)}", _personal_id(source),
        names[-2], names[-1], f"{number % 400 + 1}/{year}", _date(source, year), names[-1],
    )  # fmt: skip


def _page(source: random.Random, document_id: str, number: int, names: list[str], values: dict[str, str]) -> PageRow:
    head = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc\n" if number == 1 else f"Trang {number}\n"
    keyed = "\n".join(f"{name}: {value}" for name, value in values.items()) if number == 1 else " ".join(names)
    body = ". ".join(source.choices(_SENTENCES, k=9 if number == 1 else 16))
    text = f"{head}{keyed}\n{body}"
    return PageRow(
        PageFacts(number, f"{document_id}.pdf", number, 2480, 3508, 300.0, 0, 0.4, 0.0, 310.0, 0.71, 0.06),
        PageVerdict.READ,
        text.count(" ") + 1,
        0.92,
        text,
    )


def _received(it: DocumentRecord) -> ReceivedDocument:
    facts = ScanFacts("application/pdf", it.entry.pages)
    return ReceivedDocument(it.batch, it.entry, it.artefacts[:1], (facts,), ())


def _date(source: random.Random, year: int) -> str:
    return f"{year}-{source.randint(1, 12):02}-{source.randint(1, 28):02}"


def _personal_id(source: random.Random) -> str:
    return f"001{source.randint(0, 999_999_999):09}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
