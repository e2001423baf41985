"""Why somebody opens personal data: asked once for a session or with each search, written down with each access."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.exceptions import HTTPException

from dashboard.access import Person, address_of, cookie_name
from warehouse.access_log import LONGEST_REASON, Action, Purpose, Reader, note_access, purpose_of, set_purpose

PURPOSES = {
    Purpose.CITIZEN_REQUEST: "Giải quyết hồ sơ của công dân",
    Purpose.COPY: "Cấp bản sao, trích lục",
    Purpose.VERIFICATION: "Xác minh theo yêu cầu của cơ quan",
    Purpose.CORRECTION: "Cải chính, rà soát dữ liệu",
    Purpose.INSPECTION: "Kiểm tra, thanh tra",
    Purpose.OTHER: "Việc khác (ghi rõ)",
}

ACTIONS = {
    Action.SEARCH: "Tra cứu",
    Action.RECORD: "Mở hồ sơ",
    Action.FILE: "Mở tệp PDF",
    Action.PAGE: "Xem ảnh trang",
    Action.CROP: "Xem ảnh cắt của trường",
    Action.EXPORT: "Cung cấp siêu dữ liệu",
}


class PurposeNeeded(HTTPException):
    """Nothing personal is shown before somebody says what for."""

    def __init__(self) -> None:
        super().__init__(403, "Chọn mục đích tra cứu ở trang /muc-dich trước khi mở hồ sơ.")


def told_purpose(purpose: str, reason: str) -> tuple[Purpose, str] | str:
    """A purpose from a form, or the sentence that says what is wrong with it."""
    reason = " ".join(reason.replace("\x00", " ").split())
    if purpose not in list(Purpose):
        return "Chọn mục đích tra cứu."
    if len(reason) > LONGEST_REASON:
        return f"Nội dung dài quá {LONGEST_REASON} ký tự."
    if purpose == Purpose.OTHER and not reason:
        return "Ghi rõ việc khác là việc gì."
    return Purpose(purpose), reason


def keep_purpose(request: Request, purpose: Purpose, reason: str) -> None:
    """Let a purpose stand for the rest of the session, until another one is told."""
    set_purpose(_engine(request), _session(request), purpose, reason)


def known_purpose(request: Request) -> tuple[Purpose, str] | None:
    """What the session said last."""
    return purpose_of(_engine(request), _session(request))


def reader_of(request: Request, person: Person, purpose: Purpose, reason: str) -> Reader:
    """Who is reading, as the log keeps it."""
    return Reader(
        account_id=person.account.account_id,
        account_name=person.account.name,
        full_name=person.account.full_name,
        role=str(person.account.role),
        address=address_of(request),
        purpose=purpose,
        reason=reason,
        token_label=person.token_label,
    )


def note(request: Request, person: Person, action: Action, document_key: str, detail: str = "") -> None:
    """Write an access down before anything of the record is sent.

    Raises:
        PurposeNeeded: The session has not said what for.
        DatabaseUnavailableError: It could not be written, so nothing is sent.
    """
    known = known_purpose(request)
    if known is None:
        raise PurposeNeeded
    note_access(_engine(request), reader_of(request, person, *known), action, (document_key,), detail)


def _session(request: Request) -> str:
    return request.cookies.get(cookie_name(request), "")


def _engine(request: Request) -> Any:
    return request.app.state.desk.engine  # the whole database: a person's own engine writes nothing
