"""Shared parts of the signing tests: one test CA, one local authority, small PDF/A files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sample_road import shared_pki

from signing.fonts import find_font
from signing.keys import Signer, open_signer
from signing.settings import SignerSettings, TrustSettings
from signing.timestamps import LocalTsa, local_tsa, open_timestamper

MakePdf = Callable[..., Path]


@pytest.fixture(scope="session")
def pki_folder() -> Path:
    return shared_pki()


@pytest.fixture(scope="session")
def agency(pki_folder: Path) -> Signer:
    return open_signer(SignerSettings(test_folder=pki_folder))


@pytest.fixture(scope="session")
def person(pki_folder: Path) -> Signer:
    return open_signer(SignerSettings(test_folder=pki_folder, test_identity="person"))


@pytest.fixture(scope="session")
def tsa(pki_folder: Path) -> Iterator[LocalTsa]:
    with local_tsa(pki_folder) as running:
        yield running


@pytest.fixture(scope="session")
def timestamper(tsa: LocalTsa) -> Any:
    return open_timestamper(tsa.settings())


@pytest.fixture(scope="session")
def trust(agency: Signer, pki_folder: Path) -> TrustSettings:
    return TrustSettings(test_ca=pki_folder)


@pytest.fixture(scope="session")
def make_pdf(tmp_path_factory: pytest.TempPathFactory) -> MakePdf:
    """Writes a PDF/A-2u with a heading; ``size`` in points."""
    from fpdf import FPDF

    folder = tmp_path_factory.mktemp("pdfa")
    font_file = folder / "font.ttf"
    font_file.write_bytes(find_font("Times New Roman").data)

    def make(name: str = "in.pdf", *, size: tuple[float, float] = (595, 842), pages: int = 2) -> Path:
        path = folder / name
        pdf = FPDF(unit="pt", format=size, enforce_compliance="PDF/A-2U")
        pdf.add_font("Serif", fname=font_file)
        pdf.set_lang("vi")
        pdf.set_title("Quyết định thử nghiệm")
        for number in range(pages):
            pdf.add_page()
            pdf.set_font("Serif", size=12)
            pdf.text(size[0] * 0.4, size[1] * 0.12, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
            pdf.text(size[0] * 0.4, size[1] * 0.15, f"Độc lập – Tự do – Hạnh phúc, trang {number + 1}")
        pdf.output(str(path))
        return path

    return make


@pytest.fixture(scope="session")
def pdfa(make_pdf: MakePdf) -> Path:
    return make_pdf()
