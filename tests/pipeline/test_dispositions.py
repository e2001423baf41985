from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import PurePosixPath

import pytest

import manifests
import ocr
import pipeline
import signing
import warehouse
from manifests.errors import ManifestsError
from manifests.reasons import REASONS
from ocr.errors import EmptyFileError, OcrError
from pipeline.errors import (
    DISPOSITIONS,
    Disposition,
    PipelineError,
    WorkerError,
    disposition,
    reason_code,
    safe_message,
)
from pipeline.stores.errors import StoreError, StoreUnavailableError
from signing.errors import SigningError
from warehouse.errors import WarehouseError

BASES = (ManifestsError, OcrError, SigningError, StoreError, WarehouseError, PipelineError)


def every_error() -> list[type[Exception]]:
    found: set[type[Exception]] = set()
    for package in (manifests, ocr, signing, warehouse, pipeline):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" in module.name:
                continue  # Alembic's own scripts, which run only inside a migration
            for _, value in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if issubclass(value, BASES) and value not in BASES:
                    found.add(value)
    return sorted(found, key=lambda kind: kind.__qualname__)


def test_every_error_class_is_classified_by_itself_or_its_family() -> None:
    errors = every_error()
    assert len(errors) > 25
    for kind in errors:
        if kind is WorkerError or issubclass(kind, ManifestsError):
            continue  # the first carries its disposition, the others become faults of the drop
        family = [ancestor for ancestor in kind.__mro__ if ancestor in DISPOSITIONS]
        assert family, f"{kind.__qualname__} is in no line of pipeline.errors.DISPOSITIONS"


def test_every_error_has_a_reason_people_can_read() -> None:
    for kind in every_error():
        assert kind.code in REASONS, kind.__qualname__  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (EmptyFileError("a.pdf", "no bytes"), Disposition.QUARANTINE),
        (StoreUnavailableError("s3://x", "503"), Disposition.RETRY),
        (WorkerError("X", "tool_missing", "m", Disposition.HALT), Disposition.HALT),
        (ZeroDivisionError(), Disposition.QUARANTINE),
        (OSError("disk"), Disposition.RETRY),
    ],
)
def test_disposition(error: Exception, expected: Disposition) -> None:
    assert disposition(error) is expected


def test_a_strangers_message_may_quote_the_scan_so_only_its_class_is_told() -> None:
    stranger = ValueError("cannot parse 'NGUYỄN VĂN MẪU, sinh 1956'")
    assert "MẪU" not in safe_message(stranger)
    assert reason_code(stranger) == "internal_error"
    assert "no bytes" in safe_message(EmptyFileError("a.pdf", "no bytes"))


def test_a_strangers_code_does_not_make_its_message_safe() -> None:
    """SQLAlchemy's errors have a ``code`` too, and quote the values of the statement."""
    import sqlalchemy as sa

    engine = sa.create_engine("sqlite://")
    with pytest.raises(sa.exc.OperationalError) as caught, engine.connect() as connection:
        connection.execute(sa.text("INSERT INTO nothing VALUES (:name)"), {"name": "NGUYỄN VĂN MẪU"})
    assert "MẪU" in str(caught.value)
    assert "MẪU" not in safe_message(caught.value)
    assert reason_code(caught.value) == "internal_error"


def test_what_the_system_refuses_is_told_without_the_name_of_the_file() -> None:
    message = safe_message(OSError(28, "No space left on device", "giấy khai sinh NGUYỄN VĂN MẪU.pdf"))
    assert "No space left on device" in message
    assert reason_code(OSError(28, "No space left on device")) == "machine_unavailable"
    assert "MẪU" not in message


def test_a_surprise_says_where_it_happened() -> None:
    try:
        PurePosixPath("x").relative_to("/y")
    except ValueError as error:
        assert "relative_to" in safe_message(error)
