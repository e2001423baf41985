"""Faults of the database. ``pipeline.errors`` says for each class whether it is retried or halts the run."""

from __future__ import annotations


class WarehouseError(Exception):
    """Base of this room. Subclasses carry their data as fields and end with what to do next.

    ``code`` is a key of ``manifests.reasons.REASONS``.
    """

    code = "internal_error"


class DatabaseUnavailableError(WarehouseError):
    """The database does not answer, is locked for too long or gave up this transaction; trying later may help.

    Attributes:
        url: Of the database, without its password.
        detail: First line of what the driver said.
    """

    code = "database_unavailable"

    def __init__(self, url: str, detail: str) -> None:
        self.url = url
        self.detail = detail
        super().__init__(
            f"{url}: {detail}; check that the database server runs and its disk has room, then try again"
        )


class QueryTooBroadError(WarehouseError):
    """What somebody looks for is found too often; a word more, a unit or a year makes it quick."""

    code = "search_too_broad"

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(f"the search took too long ({detail}); add a word, a unit or a year, then try again")


class DatabaseUrlError(WarehouseError):
    """The setting does not name a database this program can use."""

    code = "configuration_invalid"

    def __init__(self, url: str, detail: str) -> None:
        self.url = url
        self.detail = detail
        super().__init__(
            f"{url}: {detail}; use sqlite:////folder/warehouse.db or postgresql://user:password@host/name"
        )


class DatabaseSchemaError(WarehouseError):
    """The database answers, but its tables are not those this program knows."""

    code = "configuration_invalid"

    def __init__(self, url: str, detail: str, action: str) -> None:
        self.url = url
        self.detail = detail
        super().__init__(f"{url}: {detail}; {action}")


class MonthError(WarehouseError):
    """The month asked for is not one, or lies ahead."""

    code = "configuration_invalid"

    def __init__(self, month: str, *, begun: bool = True) -> None:
        self.month = month
        said = "is not a month" if begun else "has not begun yet"
        super().__init__(f"{month!r} {said}; write a month as YYYY-MM, for example 2025-11")


class ScopeError(WarehouseError):
    """A statement cannot be held within a scope: it writes, or it calls itself."""

    def __init__(self, word: str) -> None:
        self.word = word
        super().__init__(f"{word} cannot be run within somebody's scope; use the engine the scope was made of")


class AccountError(WarehouseError):
    """Base of what can be wrong with an account or a password; ``said`` tells the person on the screen."""

    code = "configuration_invalid"
    said = "Không thực hiện được."


class AccountExistsError(AccountError):
    """Somebody has this name already."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"account {name} exists already; choose another name, or see 'sohoa account list'")


class UnknownAccountError(AccountError):
    """Nobody has this name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no account {name}; see the names with 'sohoa account list'")


class AccountNameError(AccountError):
    """The name cannot be used to sign in."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name!r} cannot be an account name; use 2 to 60 of a-z, 0-9, '.', '_', '-' and '@', for example an.nv"
        )


class UnknownUnitError(AccountError):
    """No register knows the unit an account should see."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        super().__init__(
            f"there is no unit {unit}; write a code such as 00256, or one of a reused code's units: 00256@2025-07-01"
        )


class WeakPasswordError(AccountError):
    """The password would be guessed; ``said`` tells the person why, and never holds it."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(f"the password was not accepted: {said}")


class SignInRefusedError(AccountError):
    """Name and password do not fit, or the account is disabled; which of them is told to nobody."""

    said = "Tên đăng nhập hoặc mật khẩu không đúng, hoặc tài khoản đã bị khóa."

    def __init__(self) -> None:
        super().__init__("signing in was refused; check the name and the password, or ask for a reset")


class TooManyAttemptsError(AccountError):
    """Too many failures for this name or from this address; ``seconds`` until the next try counts."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self.said = f"Đã thử sai quá nhiều lần. Đợi {max(1, round(seconds / 60))} phút rồi thử lại."
        super().__init__(f"too many failed sign-ins; wait {seconds} s, then try again")


class ReportFontError(WarehouseError):
    """No installed font writes Vietnamese, so the report cannot be printed."""

    code = "tool_missing"

    def __init__(self, families: tuple[str, ...]) -> None:
        self.families = families
        super().__init__(
            f"no font with Vietnamese letters is installed (looked for {', '.join(families)}); "
            "install fonts-liberation2 or fonts-dejavu, then try again; the XLSX report needs no font"
        )
