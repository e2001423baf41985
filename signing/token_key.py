"""A signing key inside a token: found by its label or identifier, told clearly when it is not there."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable
from typing import Any

from asn1crypto import x509
from pyhanko.sign.pkcs11 import select_pkcs11_signing_params
from pyhanko.sign.signers import Signer as HankoSigner

from signing.errors import KeyUnavailableError, PinRefusedError
from signing.tokens import Token

_RAW_RSA, _RAW_EC = "RSA_PKCS", "ECDSA"


class TokenKeySigner(HankoSigner):
    """pyHanko's signer over a ``Token``, which outlives a token pulled out and put back."""

    def __init__(
        self, token: Token, label: str, identifier: bytes, certificate: x509.Certificate, chain: Iterable[Any]
    ) -> None:
        super().__init__(signing_cert=certificate)
        self._cert_registry.register_multiple([certificate, *chain])
        self._token = token
        self._wanted = (label, identifier)
        self._size = certificate.public_key.byte_size

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        if dry_run:
            return bytes(self._size)
        return await asyncio.to_thread(self.sign_raw, data, digest_algorithm)

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        """Sign ``data`` on the token.

        Raises:
            TokenAbsentError, PinRefusedError, TokenLockedError, KeyUnavailableError: As ``Token.use``.
        """
        return self._token.use(lambda session: self._sign(session, data, digest_algorithm))

    def _sign(self, session: Any, data: bytes, digest_algorithm: str) -> bytes:
        label, identifier = self._wanted
        key, mechanisms, each_time = self._token.find(
            ("signing", label, identifier), lambda _: _open_key(session, self._token, label, identifier)
        )
        spec = self._spec(digest_algorithm, mechanisms)
        if spec.pre_sign_transform is not None:
            data = spec.pre_sign_transform(data)
        signature: bytes = key.sign(data, **spec.sign_kwargs, pin=self._token.secret() if each_time else None)
        return spec.post_sign_transform(signature) if spec.post_sign_transform is not None else signature

    def _spec(self, digest_algorithm: str, mechanisms: frozenset[str]) -> Any:
        """How the token is asked; those that cannot hash are given the finished digest."""

        def spec(raw: bool) -> Any:
            return select_pkcs11_signing_params(
                self.get_signature_mechanism_for_digest(digest_algorithm), digest_algorithm, raw, {}
            )

        hashing = spec(False)
        raw_exists = bool({_RAW_RSA, _RAW_EC} & mechanisms)
        return hashing if hashing.sign_kwargs["mechanism"].name in mechanisms or not raw_exists else spec(True)


def find_key(token: Token, label: str, identifier: bytes) -> tuple[str, bytes]:
    """Label and identifier of the one signing key that fits; both empty: of the only one there is.

    Raises:
        KeyUnavailableError: None fits, or several do; lists those there are.
    """
    return token.use(lambda session: _names(_choose(session, token, label, identifier)))


def find_certificates(
    token: Token, key: tuple[str, bytes], label: str
) -> tuple[x509.Certificate | None, tuple[x509.Certificate, ...]]:
    """The certificate of ``key`` on the token, and all others it holds.

    It is the one called ``label``; without a label, one of the key's identifier, or else of the key's label. Among
    several of one key (a renewed one beside the old) the newest that is in force wins.

    Raises:
        KeyUnavailableError: No certificate is called ``label``; lists those there are.
    """
    from pkcs11 import Attribute, ObjectClass

    def look(session: Any) -> list[tuple[str, bytes, x509.Certificate]]:
        found = list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}))
        return [(*_names(each), x509.Certificate.load(each[Attribute.VALUE])) for each in found]

    held = token.use(look)
    if label:
        fitting = [certificate for name, _, certificate in held if name == label]
        if not fitting:
            there = ", ".join(repr(name) for name, _, _ in held) or "none"
            raise KeyUnavailableError(
                f"on token {token.address}",
                f"no certificate is called {label!r}; it holds {there}; correct the label",
            )
    else:
        key_label, identifier = key
        fitting = [c for _, number, c in held if identifier and number == identifier]
        fitting = fitting or [c for name, _, c in held if key_label and name == key_label]
    now = dt.datetime.now(dt.UTC)
    fitting.sort(key=lambda c: (c.not_valid_before <= now <= c.not_valid_after, c.not_valid_before))
    return (fitting[-1] if fitting else None), tuple(certificate for _, _, certificate in held)


def _choose(session: Any, token: Token, label: str, identifier: bytes) -> Any:
    from pkcs11 import Attribute, ObjectClass

    every = list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.SIGN: True}))
    fitting = [
        key
        for key in every
        if (not label or _names(key)[0] == label) and (not identifier or _names(key)[1] == identifier)
    ]
    if len(fitting) == 1:
        return fitting[0]
    there = "; ".join(f"label {name!r} id {number.hex() or '-'}" for name, number in map(_names, every)) or "none"
    wanted = " and ".join(
        part for part in (f"label {label!r}" if label else "", f"id {identifier.hex()}" if identifier else "") if part
    )
    fault = f"{len(fitting)} signing keys fit {wanted or '(no label and no id is set)'}"
    raise KeyUnavailableError(
        f"on token {token.address}", f"{fault}; signing keys there: {there}; set the key's label or id to one of them"
    )


def _names(found: Any) -> tuple[str, bytes]:
    """CKA_LABEL and CKA_ID of an object."""
    from pkcs11 import Attribute

    return str(_attribute(found, Attribute.LABEL) or ""), bytes(_attribute(found, Attribute.ID) or b"")


def _attribute(found: Any, name: Any) -> Any:
    import pkcs11

    try:
        return found[name]
    except (pkcs11.AttributeTypeInvalid, pkcs11.AttributeSensitive):
        return None


def _open_key(session: Any, token: Token, label: str, identifier: bytes) -> tuple[Any, frozenset[str], bool]:
    from pkcs11 import Attribute

    key = _choose(session, token, label, identifier)
    mechanisms = frozenset(getattr(each, "name", "") for each in session.token.slot.get_mechanisms())
    each_time = bool(_attribute(key, Attribute.ALWAYS_AUTHENTICATE))
    if each_time and token.secret() is None:
        raise PinRefusedError(str(token.address), "this key wants the PIN with each signature, and none is set")
    return key, mechanisms, each_time
