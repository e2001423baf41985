"""Faults of the scan. ``pipeline.errors`` says for each class whether it is retried, quarantined or halts."""

from __future__ import annotations


class OcrError(Exception):
    """Base of this room. Subclasses carry their data as fields and end with what to do next.

    ``code`` is a key of ``manifests.reasons.REASONS``.
    """

    code = "internal_error"


class ScanError(OcrError):
    """The file itself cannot be digitized."""

    code = "unreadable"

    def __init__(self, file: str, detail: str) -> None:
        self.file = file
        self.detail = detail
        super().__init__(f"{file}: {detail}")


class EmptyFileError(ScanError):
    code = "file_empty"


class UnsupportedFormatError(ScanError):
    code = "unsupported_format"


class UnreadableError(ScanError):
    code = "unreadable"


class EncryptedError(ScanError):
    code = "encrypted"


class ImageTooLargeError(ScanError):
    code = "image_too_large"


class TooManyPagesError(ScanError):
    code = "too_many_pages"


class PageTimeoutError(OcrError):
    """Reading one page took longer than allowed; the page is kept as ``unread``."""

    code = "time_limit"

    def __init__(self, page_number: int, seconds: float) -> None:
        self.page_number = page_number
        self.seconds = seconds
        super().__init__(
            f"page {page_number}: not read within {seconds:g} s; raise page_timeout in the settings to try again"
        )


class ToolMissingError(OcrError):
    """A program or language model is not installed."""

    code = "tool_missing"

    def __init__(self, tool: str, how: str) -> None:
        self.tool = tool
        super().__init__(f"{tool} is missing; {how}")
