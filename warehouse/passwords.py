"""Passwords: which are good enough, and how they are kept. Argon2id through argon2-cffi; nothing is logged.

Length counts, not signs of every sort, and what stands in a list of leaked passwords or in the person's own name does
not pass (NIST SP 800-63B-4, section 3.1.1).
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from warehouse.errors import WeakPasswordError
from warehouse.names import fold_name

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 200

_GUESSED = ("password", "matkhau", "123456", "qwerty", "abc123", "sohoa", "hanoi", "admin", "quantri", "vietnam")
_LEAST_DIFFERENT = 6


def hash_password(password: str, *, name: str) -> str:
    """The password as it is kept.

    Args:
        password: As typed.
        name: Of the account: the password must not hold it.

    Raises:
        WeakPasswordError: It is too short, too long, or the first somebody would try.
    """
    spelled = _spelled(password)
    if not SHORTEST <= len(spelled) <= LONGEST:
        raise WeakPasswordError(f"Mật khẩu phải có từ {SHORTEST} đến {LONGEST} ký tự.")
    plain = fold_name(spelled).replace(" ", "")
    own = [part for part in fold_name(name).replace("@", ".").split(".") if len(part) > 2]
    rest = plain
    for word in (*_GUESSED, *own):
        rest = rest.replace(word, "")
    if len(set(plain)) < _LEAST_DIFFERENT or len(rest) < _LEAST_DIFFERENT:
        raise WeakPasswordError(
            "Mật khẩu này dễ đoán: không lặp một ký tự, không dùng tên đăng nhập hay từ thông dụng."
        )
    return _hasher().hash(spelled)


def fits(password: str, password_hash: str | None) -> bool:
    """Whether the password is the one that was kept. Takes as long for an account without one."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        _hasher().verify(password_hash or _nobody(), _spelled(password)[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_new_hash(password_hash: str) -> bool:
    """Whether the library's parameters have grown since it was made."""
    return _hasher().check_needs_rehash(password_hash)


def keep_again(password: str) -> str:
    """The same password with today's parameters; it was judged when it was chosen."""
    return _hasher().hash(_spelled(password))


def _spelled(password: str) -> str:
    # Keyboards spell ế as one letter or as three; the person typed the same.
    return unicodedata.normalize("NFC", password)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash("nobody has this password")
