"""Every setting there is, with its default: from the environment (``SOHOA_…``) or ``sohoa.toml`` in the work folder.

The defaults are the embedded shape: folders, SQLite, a throw-away test CA, a local test timestamp authority.
``docs/settings.md`` lists them; a test keeps the two equal.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipeline.errors import ConfigurationError

SignerChoice = Literal["test", "pkcs12", "pkcs11"]
LINK_PLACES = ("document_id", "unit", "batch")


def _link_template(text: str) -> str:
    """``text`` when it is an address whose places exist."""
    try:
        filled = text.format(**dict.fromkeys(LINK_PLACES, "x"))
    except (KeyError, IndexError, ValueError, AttributeError):
        raise ValueError(f"its places are {', '.join(f'{{{place}}}' for place in LINK_PLACES)} only") from None
    if not filled.startswith(("https://", "http://")):
        raise ValueError("not an http(s) address")
    return text


class Settings(BaseSettings):
    """Settings of one installation; frozen, and small enough to hand to a worker process."""

    model_config = SettingsConfigDict(env_prefix="SOHOA_", toml_file="sohoa.toml", frozen=True, extra="forbid")

    # where things are
    intake_url: str = Field("file:var/intake", description="Intake store: file:FOLDER or s3://BUCKET/PREFIX")
    archive_url: str = Field("file:var/archive", description="Archive store: file:FOLDER or s3://BUCKET/PREFIX")
    database_url: str = Field("sqlite:///var/sohoa.db", description="Ledger and warehouse: SQLAlchemy URL")
    work_folder: Path | None = Field(None, description="Folder for temporary files; the system's when empty")
    # how much at once
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, description="Processes that read pages at once"
    )
    chunk_size: int = Field(20, ge=1, le=500, description="Documents in one mapped task of the DAG")
    # what is read, and how
    ocr_engine: Literal["auto", "tesserocr", "pytesseract", "null"] = Field("auto", description="OCR engine")
    language: str = Field("vie", pattern=r"^[A-Za-z_+]+$", description="Tesseract language model")
    page_timeout: float = Field(120.0, gt=0, description="Seconds one page may be read; then it is kept unread")
    document_timeout: float = Field(
        3600.0, gt=0, description="Seconds one document may take before its worker is stopped"
    )
    max_pages: int = Field(3000, ge=1, description="Most pages in one document")
    max_megapixels: float = Field(200.0, gt=0, description="Most megapixels in one page image")
    review_threshold: float = Field(0.80, ge=0, le=1, description="Confidence below which a record needs review")
    quarantine_limit: float = Field(
        0.5, gt=0, le=1, description="Share of a batch that may be quarantined before it halts"
    )
    # how it is signed
    legal_profile: str = Field("nd30-2020", description="Legal profile where no other is chosen")
    legal_profiles: dict[str, str] = Field(
        default_factory=dict,
        description='Profiles of units, record types or both: {"00256": …, "birth": …, "00256/birth": …}',
    )
    approval: bool = Field(False, description="Whether a person must approve each batch before it is signed")
    signed_input: Literal["sign", "keep"] = Field(
        "sign",
        description="What becomes of a delivered PDF whose own signature holds: signed again, or kept as it is",
    )
    renewal_days: int = Field(
        90, ge=0, description="Days before the evidence of a signature ends from which 'sohoa extend' renews it"
    )
    agency: str | None = Field(None, description="Name in the signature; UBND of the batch's unit when empty")
    converter: str | None = Field(None, description="Full name of the person who answers for the conversion")
    copy_form: Literal["SAO Y", "SAO LỤC", "TRÍCH SAO"] = Field("SAO Y", description="Form of the copy, as shown")
    agency_countersigns: bool = Field(
        False, description="Whether the agency signs as well where the profile leaves it open (tt01-2023)"
    )
    profiles_folder: Path | None = Field(
        None, description="Folder of the agency's own legal profiles (TOML), beside or in place of the built-in ones"
    )
    seal: Path | None = Field(None, description="PNG of the agency's seal, for profiles that show it (tt02-2019)")
    seal_width: float | None = Field(
        None, gt=0, le=100, description="Its real width in mm; what the PNG's resolution says when empty"
    )
    record_url: Annotated[str, AfterValidator(_link_template)] | None = Field(
        None, description="Address of a record's page for the QR code, with {document_id}, {unit}, {batch}"
    )
    signer_kind: SignerChoice | None = Field(
        None, description="Key of the agency: test, pkcs12 or pkcs11; what is set below decides when empty"
    )
    signer_pkcs12: Path | None = Field(None, description="PKCS#12 file of the agency")
    signer_passphrase: SecretStr | None = Field(
        None, description="Passphrase of that file or PIN of the token; better in a file"
    )
    signer_passphrase_file: Path | None = Field(
        None, description="File whose first line is the passphrase or the PIN (a secret mount)"
    )
    signer_module: Path | None = Field(None, description="PKCS#11 library of the token's or HSM's vendor")
    signer_token: str = Field("", description="Label of the token; may stay empty when there is one only")
    signer_token_serial: str = Field("", description="Serial number of the token, for two of one label")
    signer_key_label: str = Field("", description="Label of the key; may stay empty when there is one only")
    signer_key_id: str = Field("", description="The key's id on the token, hex digits")
    signer_certificate_label: str = Field(
        "", description="Label of the certificate on the token; the key's own when empty"
    )
    signer_certificate: Path | None = Field(
        None, description="File of the signer's certificate, for a token that holds none"
    )
    signer_chain: tuple[Path, ...] = Field(
        (), description="Files of the authorities between signer and root, for a key that comes without them"
    )
    person_signer_kind: SignerChoice | None = Field(
        None, description="Key of the person who digitizes (tt01-2023), as above"
    )
    person_signer_pkcs12: Path | None = Field(None, description="PKCS#12 file of the person who digitizes")
    person_signer_passphrase: SecretStr | None = Field(
        None, description="Passphrase of that file or PIN of the token; better in a file"
    )
    person_signer_passphrase_file: Path | None = Field(
        None, description="File whose first line is the passphrase or the PIN (a secret mount)"
    )
    person_signer_module: Path | None = Field(None, description="PKCS#11 library of the token's or HSM's vendor")
    person_signer_token: str = Field("", description="Label of the token; may stay empty when there is one only")
    person_signer_token_serial: str = Field("", description="Serial number of the token, for two of one label")
    person_signer_key_label: str = Field("", description="Label of the key; may stay empty when there is one only")
    person_signer_key_id: str = Field("", description="The key's id on the token, hex digits")
    person_signer_certificate_label: str = Field(
        "", description="Label of the certificate on the token; the key's own when empty"
    )
    person_signer_certificate: Path | None = Field(
        None, description="File of the signer's certificate, for a token that holds none"
    )
    person_signer_chain: tuple[Path, ...] = Field(
        (), description="Files of the authorities between signer and root, for a key that comes without them"
    )
    test_pki_folder: Path = Field(Path("var/pki"), description="Where the throw-away test CA is made")
    tsa_url: str | None = Field(None, description="RFC 3161 timestamp authority; a local test one when empty")
    tsa_timeout: float = Field(180.0, gt=0, description="Seconds to wait for one timestamp")
    tsa_tries: int = Field(3, ge=1, le=10, description="How often it is asked for one timestamp")
    tsa_slots: int = Field(4, ge=1, le=12, description="Requests it stands at once, from all processes together")
    tsa_failures: int = Field(6, ge=1, description="Failures in a row after which it is left alone for a while ...")
    tsa_rest: float = Field(60.0, ge=0, description="... of so many seconds")
    signature_level: Literal["B-B", "B-T", "B-LT", "B-LTA"] = Field(
        "B-T",
        description="PAdES level of a new signature; B-LT and above ask the certificate authority over the network",
    )
    revocation_timeout: float = Field(30.0, gt=0, description="Seconds to wait for one OCSP answer or CRL")
    revocation_private_networks: bool = Field(
        False, description="Whether OCSP and CRL addresses in private networks may be asked"
    )
    revocation_mirrors: dict[str, str] = Field(
        default_factory=dict,
        description='Addresses asked instead of those in certificates, by their beginnings: {"http://ca…": "http://…"}',
    )
    trust_roots: tuple[Path, ...] = Field(
        (), description="Roots a signature may end in: PEM files, or folders of certificates and CRLs"
    )
    # what is told of progress
    targets: Path | None = Field(None, description="CSV or XLSX of own targets; the City's plan when empty")
    alert_recipients: tuple[str, ...] = Field((), description="E-mail addresses alerts go to, by daily_alerts")
    doc_codes: Path | None = Field(
        None, description="TOML of the agency's own document codes in exchange (CV 7197); the built-in when empty"
    )
    alert_weeks: int = Field(2, ge=1, le=52, description="Weeks without a new file after which a unit stands still")
    alert_repeat_days: int = Field(7, ge=1, le=365, description="Days before the same alert is sent again")
    report_folder: Path = Field(Path("var/reports"), description="Where monthly_report writes")
    report_recipients: tuple[str, ...] = Field((), description="E-mail addresses the monthly report goes to")
    # how it is proven
    verapdf: str | None = Field(None, description="Folder of veraPDF's jars; .tools/verapdf when empty")
    pdfa_proof: Literal["when-available", "required"] = Field(
        "when-available",
        description="Whether a file may be stored as signed without veraPDF's word; 'required' stops the signing",
    )
    examine_timeout: float = Field(
        120.0, gt=0, description="Seconds the signatures of one delivered file may be examined"
    )
    # who looks in
    dashboard_hosts: tuple[str, ...] = Field(
        (), description="Names the dashboard answers to besides 127.0.0.1 and localhost, as a JSON list"
    )
    session_idle_minutes: int = Field(30, ge=1, le=1440, description="Minutes after which an unused session ends")
    session_hours: int = Field(12, ge=1, le=72, description="Hours after which every session ends")
    airflow_url: str | None = Field(
        None, pattern=r"^https?://", description="Where Airflow's pages are, for links from a batch to its runs"
    )
    oidc_issuer: str | None = Field(
        None, pattern=r"^https?://", description="OpenID Connect provider people may sign in with; none when empty"
    )
    oidc_client_id: str | None = Field(None, description="What the provider calls this dashboard")
    oidc_client_secret: SecretStr | None = Field(None, description="Its secret; better in a file")
    oidc_client_secret_file: Path | None = Field(None, description="File that holds the secret (a secret mount)")
    oidc_claim: str = Field("preferred_username", description="Claim of the ID token that is the account's name")
    oidc_label: str = Field("tài khoản của cơ quan", description="What the sign-in button calls the provider")
    # what fails
    retries: int = Field(3, ge=1, le=10, description="Tries for errors of the outside world before giving up")

    def oidc_secret(self) -> str:
        """The secret of this dashboard at the OpenID Connect provider; empty for a public client.

        Raises:
            ConfigurationError: The file cannot be read.
        """
        if self.oidc_client_secret is not None:
            return self.oidc_client_secret.get_secret_value()
        if self.oidc_client_secret_file is None:
            return ""
        try:
            return self.oidc_client_secret_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigurationError(
                f"SOHOA_OIDC_CLIENT_SECRET_FILE cannot be read: {error.strerror}; see docs/settings.md"
            ) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def read_settings(**overrides: object) -> Settings:
    """Settings from ``overrides``, then the environment, then ``sohoa.toml``.

    Raises:
        ConfigurationError: A value does not fit; names every one, never repeats a secret.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = "; ".join(
            f"SOHOA_{'_'.join(str(part) for part in e['loc']).upper()}: {e['msg']}" for e in error.errors()
        )
        raise ConfigurationError(f"settings do not fit: {faults}; see docs/settings.md") from None
