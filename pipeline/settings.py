"""Every setting there is, with its default: from the environment (``SOHOA_…``) or ``sohoa.toml`` in the work folder.

The defaults are the embedded shape: folders, SQLite, a throw-away test CA, a local test timestamp authority.
``docs/settings.md`` lists them; a test keeps the two equal.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipeline.errors import ConfigurationError


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
    legal_profile: str = Field("nd30-2020", description="Legal profile of the signature")
    agency: str | None = Field(None, description="Name in the signature; UBND of the batch's unit when empty")
    converter: str | None = Field(None, description="Full name of the person who answers for the conversion")
    signer_pkcs12: Path | None = Field(
        None, description="PKCS#12 file of the agency; a throw-away test CA when empty"
    )
    signer_passphrase: SecretStr | None = Field(None, description="Its passphrase; better in a file")
    signer_passphrase_file: Path | None = Field(None, description="File that holds the passphrase (a secret mount)")
    test_pki_folder: Path = Field(Path("var/pki"), description="Where the throw-away test CA is made")
    tsa_url: str | None = Field(None, description="RFC 3161 timestamp authority; a local test one when empty")
    tsa_timeout: float = Field(180.0, gt=0, description="Seconds to wait for one timestamp")
    trust_roots: tuple[Path, ...] = Field((), description="PEM files of roots a signature may end in")
    # how it is proven
    verapdf: str | None = Field(None, description="Folder of veraPDF's jars; .tools/verapdf when empty")
    # what fails
    retries: int = Field(3, ge=1, le=10, description="Tries for errors of the outside world before giving up")

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
