"""The guide for archive staff cannot rot: its tables are what the program says, word for word."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import manifests
import ocr.errors
from manifests.columns import table_form
from manifests.manifest import read_manifest
from manifests.reasons import REASONS
from manifests.record_types import record_types
from manifests.text import RESCAN_FLAGS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "huong-dan-giao-nop.md").read_text(encoding="utf-8")
OF_THE_CHECK = ("cells", "delivery", "entries", "files", "manifest", "rows", "tables", "workbooks")


def codes_of_the_check() -> list[str]:
    """Every reason code that stands in the code of the check, and what a look at a file or a page can answer with."""
    folder = Path(next(iter(manifests.__path__)))
    found: set[str] = set()
    for module in OF_THE_CHECK:
        for node in ast.walk(ast.parse((folder / f"{module}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in REASONS:
                found.add(str(node.value))
    errors = vars(ocr.errors).values()
    found.update(kind.code for kind in errors if isinstance(kind, type) and issubclass(kind, ocr.errors.ScanError))
    found.update(RESCAN_FLAGS)
    return [code for code in REASONS if code in found]


def test_the_codes_of_the_check_are_found() -> None:
    codes = codes_of_the_check()
    assert {"manifest_missing", "file_missing", "checksum_mismatch", "page_count_mismatch", "encrypted"} <= set(codes)
    assert "tsa_unavailable" not in codes


def test_every_fault_of_the_check_stands_in_the_guide() -> None:
    rows = [f"| {REASONS[code].title} | {REASONS[code].advice} |" for code in codes_of_the_check()]
    missing = [row for row in rows if row not in GUIDE]
    assert not missing, "add to docs/huong-dan-giao-nop.md:\n" + "\n".join(missing)


def test_every_column_stands_in_the_guide() -> None:
    rows = [
        f"| {column.title} | `{column.name}` | {'có' if column.required else ''} | {column.means} |"
        for column in table_form("manifest").columns
    ]
    missing = [row for row in rows if row not in GUIDE]
    assert not missing, "add to docs/huong-dan-giao-nop.md:\n" + "\n".join(missing)


def test_every_record_type_stands_in_the_guide() -> None:
    rows = [f"| {kind.name} | `{kind.short}` | `{kind.code}` |" for kind in record_types().values()]
    missing = [row for row in rows if row not in GUIDE]
    assert not missing, "add to docs/huong-dan-giao-nop.md:\n" + "\n".join(missing)


def test_the_example_of_the_guide_is_a_good_manifest(tmp_path: Path) -> None:
    (example,) = re.findall(r"```csv\n(.*?)```", GUIDE, flags=re.DOTALL)
    path = tmp_path / "manifest.csv"
    path.write_text(example, encoding="utf-8")
    reading = read_manifest(path)
    assert reading.faults == ()
    assert len(reading.entries) == 3
    assert any(len(entry.files) > 1 for entry in reading.entries)
    assert any(entry.keyed for entry in reading.entries)
