"""Faults of signing and of verdicts. ``pipeline.errors`` says which are retried, quarantined or halt the run.

No message, field or representation here ever holds a passphrase or a PIN: they reach logs and screens.
"""

from __future__ import annotations

import datetime as dt


class SigningError(Exception):
    """Base of this room. Subclasses carry their data as fields and end with what to do next.

    ``code`` is a key of ``manifests.reasons.REASONS``.
    """

    code = "internal_error"


class ProfileError(SigningError):
    """A legal profile is unknown, incomplete, or asks for something the details do not give."""

    code = "configuration_invalid"

    def __init__(self, profile: str, detail: str) -> None:
        self.profile = profile
        self.detail = detail
        super().__init__(f"legal profile {profile!r}: {detail}")


class UnsignedProfileError(ProfileError):
    """The profile says these documents are not signed at all."""

    def __init__(self, profile: str) -> None:
        super().__init__(profile, "its documents are not signed; skip the signing stage or choose another profile")


class SettingsError(SigningError):
    """A setting of keys, trust or timestamps cannot be used."""

    code = "configuration_invalid"

    def __init__(self, setting: str, detail: str) -> None:
        self.setting = setting
        self.detail = detail
        super().__init__(f"{setting}: {detail}")


class KeyUnavailableError(SigningError):
    """The signing key cannot be opened."""

    code = "key_unavailable"

    def __init__(self, key: str, detail: str) -> None:
        self.key = key
        self.detail = detail
        super().__init__(f"signing key {key}: {detail}")


class PinRefusedError(KeyUnavailableError):
    """The token refused its PIN, or may not be asked again; trying on would lock it."""

    code = "pin_refused"

    def __init__(self, token: str, detail: str) -> None:
        super().__init__(
            f"on token {token}",
            f"the PIN is refused ({detail}); it is not tried again, because a token locks itself after a few wrong "
            "PINs: correct the PIN's file, log in once with the vendor's own program, then run again",
        )


class TokenLockedError(KeyUnavailableError):
    """Too many wrong PINs: the token locked itself."""

    code = "token_locked"

    def __init__(self, token: str) -> None:
        super().__init__(
            f"on token {token}",
            "the token is locked after too many wrong PINs; have its issuer unlock it (PUK), then run again",
        )


class TokenAbsentError(SigningError):
    """The token is not plugged in, was pulled out, or stopped answering; it may come back."""

    code = "token_absent"

    def __init__(self, token: str, detail: str) -> None:
        self.token = token
        self.detail = detail
        super().__init__(
            f"token {token}: {detail}; plug it in (or mend the way to the HSM) and run again, nothing was half signed"
        )


class CertificateExpiredError(SigningError):
    """The signer's certificate is past its end, or its time has not come."""

    code = "certificate_expired"

    def __init__(self, subject: str, not_before: dt.datetime, not_after: dt.datetime) -> None:
        self.subject = subject
        self.not_before = not_before
        self.not_after = not_after
        super().__init__(
            f"certificate of {subject}: good from {not_before:%Y-%m-%d} to {not_after:%Y-%m-%d} only; "
            "put a certificate in force into the settings and run again"
        )


class TsaUnavailableError(SigningError):
    """The timestamp authority gave no usable answer."""

    code = "tsa_unavailable"

    def __init__(self, url: str, tries: int, detail: str) -> None:
        self.url = url
        self.tries = tries
        self.detail = detail
        super().__init__(
            f"timestamp authority {url}: no timestamp after {tries} tries ({detail}); "
            "check its address and the network, then run again"
        )


class RevocationUnavailableError(SigningError):
    """Whether a certificate was taken back could not be learned; levels B-LT and B-LTA need it."""

    code = "revocation_unavailable"

    def __init__(self, subject: str, detail: str) -> None:
        self.subject = subject
        self.detail = detail
        super().__init__(
            f"revocation status of {subject}: no usable answer ({detail}); "
            "check the network to the certificate authority, then run again"
        )


class FontMissingError(SigningError):
    """No installed font can write the signature's text."""

    code = "tool_missing"

    def __init__(self, families: tuple[str, ...]) -> None:
        self.families = families
        super().__init__(
            f"none of the fonts {', '.join(families)} is installed with Vietnamese letters; "
            "install fonts-liberation (or fonts-dejavu-core) and run again"
        )


class CopyRefusedError(SigningError):
    """The copy is not what its legal profile asks for; it is not signed."""

    code = "wrong_format"

    def __init__(self, file: str, profile: str, code: str, detail: str) -> None:
        self.file = file
        self.profile = profile
        self.code = code
        self.detail = detail
        super().__init__(
            f"{file}: not signed under legal profile {profile!r}: {detail} "
            "Scan it anew as the profile asks, or choose a profile that lets it through"
        )


class UnsignableError(SigningError):
    """The file is not a PDF that can be signed: broken, encrypted, without pages, or locked by a signature."""

    code = "signature_invalid"

    def __init__(self, file: str, detail: str) -> None:
        self.file = file
        self.detail = detail
        super().__init__(f"{file}: cannot be signed ({detail}); assemble the PDF/A again from the original")


class SignatureInvalidError(SigningError):
    """The signature just made does not hold; the file was deleted."""

    code = "signature_invalid"

    def __init__(self, file: str, detail: str) -> None:
        self.file = file
        self.detail = detail
        super().__init__(
            f"{file}: the new signature does not hold ({detail}); nothing was kept, check the key, the trust roots "
            "and the timestamp authority, then run again"
        )


class ExtensionRefusedError(SigningError):
    """The file's evidence cannot be prolonged: its signatures do not hold, or there are none."""

    code = "signature_invalid"

    def __init__(self, file: str, detail: str) -> None:
        self.file = file
        self.detail = detail
        super().__init__(
            f"{file}: nothing was added to it ({detail}); look at 'sohoa verify' of the file and at the trust roots"
        )


class VerificationError(SigningError):
    """The file cannot be examined for signatures."""

    code = "unreadable"

    def __init__(self, file: str, detail: str) -> None:
        self.file = file
        self.detail = detail
        super().__init__(f"{file}: signatures cannot be read ({detail}); get the file again from whoever signed it")


class EncryptedPdfError(VerificationError):
    """The file opens with a password only."""

    code = "encrypted"
