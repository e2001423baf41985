"""Documents signed per second with a local key and a local timestamp authority, against pyHanko called plainly.

Run as ``python benchmarks/sign.py [FILES] [PDF]``; without a PDF a one-page PDF/A is made. Both sides sign the
same file FILES times in turns, PAdES B-T with a visible text in the same font; the median of the turns is compared.
Also said: seconds for a verdict, and the bytes a signature adds.
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fpdf import FPDF
from pyhanko.pdf_utils.font.opentype import GlyphAccumulatorFactory
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.text import TextBoxStyle
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko.stamp import TextStampStyle

from signing.fonts import find_font
from signing.keys import open_signer
from signing.profiles import find_profile
from signing.settings import SignerSettings, TrustSettings
from signing.sign import SigningDetails, sign_pdf
from signing.throwaway_pki import ensure_pki
from signing.timestamps import local_tsa, open_timestamper
from signing.verify import verify_pdf

_AGENCY = "Ủy ban nhân dân phường Thử Nghiệm, thành phố Hà Nội"


def main(files: int = 30, given: Path | None = None) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name, local_tsa(Path(name) / "ca") as tsa:
        folder = Path(name)
        font_file = folder / "font.ttf"
        font_file.write_bytes(find_font("Times New Roman").data)
        source = given or _pdfa(folder / "in.pdf", font_file)
        ours = _ours(source, folder, tsa.url)
        plain = _plain(source, folder, tsa.url, font_file)
        times: dict[str, list[float]] = {"sohoa": [], "pyHanko": []}
        for number in range(files + 1):
            for label, call in (("sohoa", ours), ("pyHanko", plain)):
                start = time.perf_counter()
                call(number)
                # The first turn opens keys and fonts on both sides.
                if number:
                    times[label].append(time.perf_counter() - start)
        medians = {label: statistics.median(taken) for label, taken in times.items()}
        for label, median in medians.items():
            print(f"{label:8} {1 / median:6.1f} documents/s  (median {median * 1000:.0f} ms of {files})")
        print(f"ratio    {medians['pyHanko'] / medians['sohoa']:.2f} x plain pyHanko")
        signed = folder / "1.pdf"
        start = time.perf_counter()
        (fact,) = verify_pdf(signed, trust=TrustSettings(test_ca=folder / "ca"))
        assert fact.trusted
        print(f"verdict  {(time.perf_counter() - start) * 1000:.0f} ms (the first, with its imports)")
        print(f"size     {signed.stat().st_size - source.stat().st_size:,} bytes added by a signature")


def _pdfa(path: Path, font_file: Path) -> Path:
    pdf = FPDF(enforce_compliance="PDF/A-2U")
    pdf.add_font("Serif", fname=font_file)
    pdf.set_lang("vi")
    pdf.set_title("Đo tốc độ ký")
    pdf.add_page()
    pdf.set_font("Serif", size=12)
    for number in range(40):
        pdf.text(20, 40 + 6 * number, f"Dòng thứ {number}: Độc lập – Tự do – Hạnh phúc")
    pdf.output(str(path))
    return path


def _ours(source: Path, folder: Path, url: str) -> Callable[[int], None]:
    from signing.settings import TimestampSettings

    signer = open_signer(SignerSettings(test_folder=folder / "ca"))
    timestamper = open_timestamper(TimestampSettings(url))
    profile, details = find_profile("nd30-2020"), SigningDetails(agency=_AGENCY)

    def sign(number: int) -> None:
        target = folder / f"{number}.pdf"
        sign_pdf(source, target, profile=profile, signer=signer, timestamper=timestamper, details=details)

    return sign


def _plain(source: Path, folder: Path, url: str, font_file: Path) -> Callable[[int], None]:
    pki = ensure_pki(folder / "ca")
    signer = signers.SimpleSigner.load_pkcs12(str(pki.pkcs12("agency")), passphrase=pki.passphrase_file.read_bytes())
    timestamper = HTTPTimeStamper(url)
    style = TextStampStyle(
        stamp_text=f"SAO Y\n{_AGENCY}\n%(ts)s",
        text_box_style=TextBoxStyle(font=GlyphAccumulatorFactory(str(font_file)), font_size=10),
        border_width=0,
    )

    def sign(number: int) -> None:
        meta: Any = signers.PdfSignatureMetadata(
            field_name="Signature", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
        )
        spec = fields.SigFieldSpec("Signature", box=(400, 780, 580, 830))
        worker = signers.PdfSigner(meta, signer, timestamper=timestamper, stamp_style=style, new_field_spec=spec)
        with source.open("rb") as stream:
            out = io.BytesIO()
            worker.sign_pdf(IncrementalPdfFileWriter(stream), output=out)
        (folder / f"plain-{number}.pdf").write_bytes(out.getbuffer())

    return sign


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 30,
        Path(sys.argv[2]) if len(sys.argv) > 2 else None,
    )
