"""Keys in PKCS#11 tokens and HSMs: one login for a whole batch, back by itself after an unplugging.

A token locks itself after a few wrong PINs, so a PIN that was refused is never tried again by this process, and the
last try a token leaves is never taken. The PIN goes into the module's login call and nowhere else.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr

from signing.errors import (
    KeyUnavailableError,
    PinRefusedError,
    SettingsError,
    SigningError,
    TokenAbsentError,
    TokenLockedError,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TokenAddress:
    """Where a token is found.

    Attributes:
        module: The vendor's PKCS#11 library.
        label: The token's label; may be empty when the module shows one token only.
        serial: Its serial number, for two tokens of one label.
    """

    module: Path
    label: str = ""
    serial: str = ""

    def __str__(self) -> str:
        name = " ".join(part for part in (repr(self.label) if self.label else "", self.serial) if part)
        return f"{name} of {self.module.name}".strip()


@dataclass(slots=True)
class _Module:
    """A loaded PKCS#11 library. It is told nothing of threads, so ``lock`` lets one of them in at a time.

    Attributes:
        tokens: Those in use, with how many users each has.
        refused: Fingerprints of PINs that a token refused.
    """

    path: str
    lock: threading.RLock = field(default_factory=threading.RLock)
    process: int = field(default_factory=os.getpid)
    tokens: dict[TokenAddress, list[Any]] = field(default_factory=dict)
    refused: set[bytes] = field(default_factory=set)
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def library(self) -> Any:
        """The library, initialized in this process.

        Raises:
            KeyUnavailableError: It cannot be loaded.
        """
        import pkcs11

        if self.process != os.getpid():  # a fork: what the parent opened is not ours
            self.forget()
            self.process = os.getpid()
        try:
            return pkcs11.lib(self.path)
        except pkcs11.PKCS11Error as fault:
            if "while loading" not in str(fault):  # python-pkcs11 has no class of its own for this
                raise
        told = "the PKCS#11 module cannot be loaded; install the token's driver or correct its path"
        raise KeyUnavailableError(Path(self.path).name, told)

    def forget(self) -> None:
        """Drop every session of this module: after a token was pulled out, handles point at nothing."""
        import pkcs11

        for token, _ in self.tokens.values():
            token.drop()
        try:
            pkcs11.lib(self.path).finalize()
        except pkcs11.PKCS11Error:
            return  # the device is gone; the next call initializes the library anew

    def fingerprint(self, address: TokenAddress, pin: SecretStr) -> bytes:
        """What stands for a refused PIN in memory, worth nothing outside this process."""
        return hashlib.blake2b(f"{address}\0{pin.get_secret_value()}".encode(), key=self.salt).digest()


_modules: dict[str, _Module] = {}
_modules_lock = threading.Lock()


def open_token(address: TokenAddress, pin: SecretStr | None) -> Token:
    """Log in to a token, or join the login this process has; close it when done.

    Args:
        address: Which token.
        pin: ``None`` for a token that takes its PIN by a keypad of its own.

    Raises:
        KeyUnavailableError: The module cannot be loaded.
        TokenAbsentError: The token is not plugged in.
        PinRefusedError, TokenLockedError: The token does not let us in.
        SettingsError: The token needs a PIN.
    """
    with _modules_lock:
        module = _modules.setdefault(str(address.module), _Module(str(address.module)))
    with module.lock:
        token, users = module.tokens.get(address) or (Token(module, address, pin), 0)
        token.use(lambda _: None)
        module.tokens[address] = [token, users + 1]
    return token


class Token:
    """One token of this process, logged in once; made by ``open_token``, for any number of threads."""

    def __init__(self, module: _Module, address: TokenAddress, pin: SecretStr | None) -> None:
        self.address = address
        self._module = module
        self._pin = pin
        self._session: Any = None
        self._found: dict[Any, Any] = {}

    def use(self, work: Callable[[Any], T]) -> T:
        """Do ``work`` with the session; when the token was away, log in anew and do it once more.

        Raises:
            TokenAbsentError: It is still away, or fails again.
            KeyUnavailableError: The token cannot do this at all.
            PinRefusedError, TokenLockedError: The token does not let us in.
        """
        with self._module.lock:
            try:
                return self._attempt(work)
            except TokenAbsentError:
                # Handles of before point at nothing once a token was pulled out, so everything is opened anew.
                self._module.forget()
                return self._attempt(work)

    def _attempt(self, work: Callable[[Any], T]) -> T:
        import pkcs11

        try:
            self._log_in()
            return work(self._session)
        except pkcs11.PKCS11Error as fault:
            error = self._translated(fault)
        # Raised out here, the error carries no trace of calls that held the PIN.
        raise error

    def _translated(self, fault: Exception) -> SigningError:
        import pkcs11

        kind, name = type(fault).__name__, str(self.address)
        if isinstance(fault, pkcs11.PinLocked):
            return TokenLockedError(name)
        if isinstance(fault, pkcs11.PinIncorrect | pkcs11.PinInvalid | pkcs11.PinLenRange | pkcs11.PinExpired):
            if self._pin is not None:
                self._module.refused.add(self._module.fingerprint(self.address, self._pin))
            return PinRefusedError(name, kind)
        if isinstance(fault, _unable()):
            told = f"the token cannot sign like this ({kind}); use a key and a token meant for signing"
            return KeyUnavailableError(f"on token {name}", told)
        return TokenAbsentError(name, f"it failed with {kind}")

    def find(self, wanted: tuple[Any, ...], look: Callable[[Any], T]) -> T:
        """What ``look`` finds on the token, remembered for as long as the session lives."""
        if wanted not in self._found:
            self._found[wanted] = look(self._session)
        found: T = self._found[wanted]
        return found

    def secret(self) -> str | None:
        """The PIN, for keys that want it with each signature."""
        return None if self._pin is None else self._pin.get_secret_value()

    def drop(self) -> None:
        """Forget the session without a word to the token."""
        self._session = None
        self._found.clear()

    def close(self) -> None:
        """Log out when nobody else of this process uses the token."""
        import pkcs11

        with self._module.lock:
            entry = self._module.tokens.get(self.address)
            if entry is None or entry[0] is not self:
                return
            entry[1] -= 1
            if entry[1] > 0:
                return
            del self._module.tokens[self.address]
            session = self._session
            self.drop()
            if session is None or self._module.process != os.getpid():
                return
            try:
                session.close()
            except pkcs11.PKCS11Error:
                return  # it was pulled out before

    def _log_in(self) -> None:
        import pkcs11

        library = self._module.library()
        if self._session is not None:
            return
        token = self._look_up(library)
        try:
            self._session = token.open(user_pin=self._admissible_pin(token))
        except pkcs11.UserAlreadyLoggedIn:  # another program part of this process did it
            self._session = token.open()

    def _look_up(self, library: Any) -> Any:
        """The plugged-in token of this address.

        Raises:
            TokenAbsentError, SettingsError: None fits, or several do.
        """
        address = self.address
        present = list(library.get_tokens())
        fitting = [
            token
            for token in present
            if (not address.label or token.label == address.label)
            and (not address.serial or token.serial.decode(errors="replace").strip() == address.serial)
            and (address.label or address.serial or token.label)
        ]
        if not fitting:
            seen = ", ".join(repr(token.label) for token in present if token.label) or "none"
            raise TokenAbsentError(str(address), f"it is not plugged in; tokens seen: {seen}")
        if len(fitting) > 1:
            seen = ", ".join(f"{t.label!r} serial {t.serial.decode(errors='replace').strip()}" for t in fitting)
            raise SettingsError(
                "token", f"{len(fitting)} tokens fit ({seen}); name one by its label and serial number"
            )
        return fitting[0]

    def _admissible_pin(self, token: Any) -> Any:
        """What to log in with, unless trying would cost the token's last chance.

        Raises:
            TokenLockedError, PinRefusedError, SettingsError: It is not to be tried.
        """
        import pkcs11
        from pkcs11 import TokenFlag

        flags = int(token.flags)
        if flags & TokenFlag.USER_PIN_LOCKED:
            raise TokenLockedError(str(self.address))
        if self._pin is None:
            if flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH:
                return pkcs11.PROTECTED_AUTH
            raise SettingsError("pin", f"token {self.address} needs its PIN; give it in a file")
        if self._module.fingerprint(self.address, self._pin) in self._module.refused:
            raise PinRefusedError(str(self.address), "refused before, not tried again")
        if flags & TokenFlag.USER_PIN_FINAL_TRY:
            raise PinRefusedError(str(self.address), "one try is left, not taken")
        return self._pin.get_secret_value()


def _unable() -> tuple[type[Exception], ...]:
    """What a token answers when asked for something it never does; being asked again would not help."""
    import pkcs11

    return (
        pkcs11.MechanismInvalid,
        pkcs11.MechanismParamInvalid,
        pkcs11.KeyTypeInconsistent,
        pkcs11.KeySizeRange,
        pkcs11.FunctionNotSupported,
        pkcs11.FunctionRejected,
    )
