from __future__ import annotations

import pytest

from manifests.documents import BatchRef, FieldSource, FieldValue
from manifests.reasons import REASONS, Fault
from manifests.record_types import record_types
from manifests.serial import from_json, to_json
from manifests.text import Bbox, QualityFlag


def test_a_field_survives_the_way_through_json() -> None:
    value = FieldValue("birth_date", "03/7/1987", "1987-07-03", 0.9, FieldSource.READ, 1, Bbox(1, 2, 3, 4))
    assert from_json(FieldValue, to_json(value)) == value


@pytest.mark.parametrize("key", ["", "00256", "/x", "00256/", "00256/a/b"])
def test_a_batch_key_has_two_parts(key: str) -> None:
    with pytest.raises(ValueError, match="write it as UNIT/BATCH"):
        BatchRef.parse(key)


def test_every_reference_inside_the_record_types_resolves() -> None:
    for record_type in record_types().values():
        names = [f.name for f in record_type.fields]
        assert len(names) == len(set(names)), record_type.code
        for field in record_type.fields:
            for other in (field.checks, field.after):
                assert other is None or other in names, f"{record_type.code}.{field.name} -> {other}"
            assert field.labels or field.heading, f"{record_type.code}.{field.name} cannot be found on paper"


def test_a_fault_says_where_what_and_what_to_do() -> None:
    fault = Fault("page_count_mismatch", "ghi 4 trang, tệp có 3 trang", document_id="HS-7", row=8, column="pages")
    assert fault.sentence() == (
        "dòng 8, cột pages, hồ sơ HS-7: Số trang không khớp với manifest (ghi 4 trang, tệp có 3 trang). "
        "Quét bổ sung trang thiếu, hoặc sửa số trang trong manifest."
    )


def test_every_finding_on_a_page_has_words_for_people() -> None:
    assert {str(flag) for flag in QualityFlag} <= set(REASONS)
