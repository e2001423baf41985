"""What happens after a failure: one table from every error class to its disposition.

- RETRY: the world failed (timestamp authority, store, database, time-out). Try again, later and later.
- QUARANTINE: this document cannot go on. It stops with its reason code, its bytes stay, the batch goes on.
- HALT: this run cannot go on. Stop at once; trying again without a change would fail again.

An error of a class that is not in the table is a defect of ours: the document is quarantined as
``internal_error``, so that one surprise never stops a batch, and a test walks all classes to keep the table whole.
"""

from __future__ import annotations

import datetime as dt
import traceback
from enum import StrEnum
from pathlib import Path

from manifests.doc_codes import DocCodesError
from manifests.errors import ManifestsError
from manifests.reasons import REASONS
from ocr import errors as ocr
from pipeline.stores import errors as stores
from signing import errors as signing
from warehouse import errors as warehouse


class Disposition(StrEnum):
    RETRY = "retry"
    QUARANTINE = "quarantine"
    HALT = "halt"


class PipelineError(Exception):
    """Base of the errors this room raises itself."""

    code = "internal_error"


class ConfigurationError(PipelineError):
    """A setting is missing or wrong; the message names the setting."""

    code = "configuration_invalid"


class UnknownBatchError(PipelineError):
    """The intake has no such batch."""

    code = "manifest_missing"

    def __init__(self, batch_key: str) -> None:
        self.batch_key = batch_key
        super().__init__(
            f"batch {batch_key} is not in the intake or has no _READY file; "
            "write it as UNIT/BATCH and see the ready ones with 'sohoa status --batches'"
        )


class TooManyQuarantinedError(PipelineError):
    """More of the batch was quarantined than the settings allow: more likely a bad drop than bad documents."""

    code = "too_many_quarantined"

    def __init__(self, batch_key: str, quarantined: int, total: int, limit: float) -> None:
        self.batch_key = batch_key
        self.quarantined = quarantined
        self.total = total
        super().__init__(
            f"batch {batch_key}: {quarantined} of {total} documents are quarantined, more than the {limit:.0%} that "
            "SOHOA_QUARANTINE_LIMIT allows; look at the reasons with 'sohoa status --batches' and mend the drop; "
            f"'sohoa rerun --batch {batch_key}' tries them again, a higher limit lets the others go on"
        )


class WorkerCrashedError(PipelineError):
    """The worker process died while it held this document, twice."""

    code = "worker_crashed"

    def __init__(self, document_key: str) -> None:
        self.document_key = document_key
        super().__init__(
            f"{document_key}: the worker process died on this document; its original is kept; "
            "see the memory limit of the machine, then 'sohoa rerun' it"
        )


class PdfaInvalidError(PipelineError):
    """veraPDF refuses the file we made; it is not stored as signed."""

    code = "pdfa_invalid"

    def __init__(self, document_key: str, detail: str) -> None:
        self.document_key = document_key
        super().__init__(f"{document_key}: the signed file is not PDF/A: {detail}; report this to the engineers")


class DocumentTimeoutError(PipelineError):
    """The document took longer than it may; its worker was stopped."""

    code = "time_limit"

    def __init__(self, document_key: str, seconds: float) -> None:
        self.document_key = document_key
        super().__init__(
            f"{document_key}: not finished within {seconds:g} s; the pages read so far are kept; "
            "raise SOHOA_DOCUMENT_TIMEOUT, then 'sohoa rerun' it"
        )


class ApprovalMissingError(PipelineError):
    """A person has to approve the batch before the agency's key signs it."""

    code = "approval_missing"

    def __init__(self, batch_key: str, documents: int) -> None:
        self.batch_key = batch_key
        self.documents = documents
        super().__init__(
            f"batch {batch_key}: {documents} documents wait for a person's approval before they are signed; decide "
            f"in Airflow (Required Actions) or with 'sohoa approve --batch {batch_key} --by NAME'"
        )


class ApprovalRefusedError(PipelineError):
    """A person refused to have the batch signed."""

    code = "approval_refused"

    def __init__(self, batch_key: str, by: str, at: dt.datetime, reason: str) -> None:
        self.batch_key = batch_key
        self.by = by
        self.at = at
        self.reason = reason
        super().__init__(
            f"batch {batch_key}: {by} refused on {at:%Y-%m-%d %H:%M} UTC to have it signed: "
            f"{reason or 'no reason given'}; mend it, then 'sohoa approve --batch {batch_key} --by NAME' lets it on"
        )


class WorkerError(PipelineError):
    """An error that stopped a worker process, told as values: exceptions do not travel well between processes."""

    def __init__(self, kind: str, code: str, message: str, outcome: Disposition) -> None:
        self.kind = kind
        self.code = code
        self.disposition = outcome
        super().__init__(message)


_RETRY, _QUARANTINE, _HALT = Disposition.RETRY, Disposition.QUARANTINE, Disposition.HALT

DISPOSITIONS: dict[type[Exception], Disposition] = {
    # the drop
    DocCodesError: _HALT,
    ManifestsError: _QUARANTINE,
    # the scan
    ocr.ScanError: _QUARANTINE,
    ocr.PageTimeoutError: _QUARANTINE,
    ocr.ToolMissingError: _HALT,
    # the signature
    signing.VerificationError: _QUARANTINE,
    signing.UnsignableError: _QUARANTINE,
    signing.CopyRefusedError: _QUARANTINE,
    signing.SignatureInvalidError: _QUARANTINE,
    signing.ProfileError: _HALT,
    signing.SettingsError: _HALT,
    signing.KeyUnavailableError: _HALT,
    signing.PinRefusedError: _HALT,
    signing.TokenLockedError: _HALT,
    signing.TokenAbsentError: _RETRY,
    signing.CertificateExpiredError: _HALT,
    signing.TsaUnavailableError: _RETRY,
    signing.RevocationUnavailableError: _RETRY,
    signing.ExtensionRefusedError: _QUARANTINE,
    signing.FontMissingError: _HALT,
    # the stores
    stores.BadKeyError: _QUARANTINE,
    stores.NoSuchObjectError: _QUARANTINE,
    stores.ContentConflictError: _QUARANTINE,
    stores.ObjectDamagedError: _QUARANTINE,
    stores.SourceChangedError: _QUARANTINE,
    stores.StoreUnavailableError: _RETRY,
    stores.StoreConfigurationError: _HALT,
    # the database
    warehouse.DatabaseUrlError: _HALT,
    warehouse.DatabaseSchemaError: _HALT,
    warehouse.MonthError: _HALT,
    warehouse.ReportFontError: _HALT,
    warehouse.QueryTooBroadError: _HALT,
    warehouse.AccountError: _HALT,
    warehouse.ScopeError: _HALT,
    warehouse.DatabaseUnavailableError: _RETRY,
    # the road
    ConfigurationError: _HALT,
    UnknownBatchError: _HALT,
    TooManyQuarantinedError: _HALT,
    ApprovalMissingError: _HALT,
    ApprovalRefusedError: _HALT,
    WorkerCrashedError: _QUARANTINE,
    DocumentTimeoutError: _QUARANTINE,
    PdfaInvalidError: _QUARANTINE,
    # the machine: a full disk or exhausted memory is not the document's fault
    MemoryError: _HALT,
    OSError: _RETRY,
}
"""The nearest class in an error's ancestry decides; what is in no line is quarantined as ``internal_error``."""


_HOUSE = tuple(
    Path(__file__).resolve().parents[1] / room for room in ("pipeline", "ocr", "signing", "warehouse", "manifests")
)
_OURS = (
    PipelineError,
    ManifestsError,
    ocr.OcrError,
    signing.SigningError,
    stores.StoreError,
    warehouse.WarehouseError,
)


def disposition(error: BaseException) -> Disposition:
    """What follows from ``error``."""
    if isinstance(error, WorkerError):
        return error.disposition
    for kind in type(error).__mro__:
        if kind in DISPOSITIONS:
            return DISPOSITIONS[kind]
    return Disposition.QUARANTINE


def needs_a_change(error: BaseException) -> bool:
    """Whether every batch of this run would stop at ``error``, until somebody changes the machine or a setting."""
    own_batch = isinstance(
        error, TooManyQuarantinedError | UnknownBatchError | ApprovalMissingError | ApprovalRefusedError
    )
    return disposition(error) is Disposition.HALT and not own_batch


def reason_code(error: BaseException) -> str:
    """Key of ``manifests.reasons.REASONS`` under which people see ``error``."""
    if isinstance(error, OSError | MemoryError):
        return "machine_unavailable"
    code = getattr(error, "code", None)
    return code if isinstance(code, str) and code in REASONS else "internal_error"


def is_ours(error: BaseException) -> bool:
    """Whether ``error`` is of a room of this project, whose messages name no text of a document.

    A ``code`` attribute proves nothing: SQLAlchemy's errors have one, and quote the values of the statement.
    """
    return isinstance(error, _OURS)


def safe_message(error: BaseException) -> str:
    """What may be written about ``error`` in a ledger, a log or on a screen.

    Our own errors are written to name no text of a document. A stranger's message may quote the very line of the
    scan it stumbled over, so only its class is told, what the system said (never the file's name), and where.
    """
    if is_ours(error):
        return str(error)
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    said = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if any(Path(frame.filename).is_relative_to(room) for room in _HOUSE)]
    where = "".join(f" (at {Path(f.filename).name}:{f.lineno}, in {f.name})" for f in (own or frames)[-1:])
    return f"{kind}{said}{where}"
