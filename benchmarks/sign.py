"""Documents signed per second with a local key, against pyHanko called plainly on the same files in one run.

``python benchmarks/sign.py [--files N] [--pdf FILE]``: both sides sign the same file N times in turns, PAdES B-T with
a visible text in the same font, through the same local timestamp authority; the median of the turns is compared. Also
told: what a verdict takes, and the bytes that a signature adds at each level.

``python benchmarks/sign.py --memory N``: one process signs and judges N documents and tells its memory on the way.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fpdf import FPDF
from pyhanko.pdf_utils.font.opentype import GlyphAccumulatorFactory
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.text import TextBoxStyle
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko.stamp import TextStampStyle

from signing.fetch import RevocationSource
from signing.fonts import find_font
from signing.journal import FORGETFUL
from signing.keys import open_signer
from signing.levels import Level
from signing.local_pki import local_pki
from signing.profiles import find_profile
from signing.settings import SignerSettings, TimestampSettings, TrustSettings
from signing.sign import SigningDetails, sign_pdf
from signing.stage import SigningTask, sign_document
from signing.stamping import add_timestamp
from signing.throwaway_pki import ensure_pki
from signing.timestamps import local_tsa, open_timestamper
from signing.verify import verify_pdf

_AGENCY = "Ủy ban nhân dân phường Thử Nghiệm, thành phố Hà Nội"
_REPORTS = 20
"""Lines that --memory prints."""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=30, help="how often each side signs")
    parser.add_argument("--pdf", type=Path, help="a PDF/A to sign; a page is made when not given")
    parser.add_argument("--memory", type=int, metavar="N", help="sign N documents in one process instead")
    asked = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"machine  {machine}; Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        font_file = folder / "font.ttf"
        font_file.write_bytes(find_font("Times New Roman").data)
        source = asked.pdf or _pdfa(folder / "in.pdf", font_file)
        with local_tsa(folder / "ca") as tsa:
            if asked.memory:
                _memory(source, folder, tsa.url, asked.memory)
            else:
                _speed(source, folder, tsa.url, font_file, asked.files)
                _sizes(source, folder, tsa.url)


def _speed(source: Path, folder: Path, url: str, font_file: Path, files: int) -> None:
    sides = {"sohoa": _ours(source, folder, url), "pyHanko": _plain(source, folder, url, font_file)}
    times: dict[str, list[float]] = {label: [] for label in sides}
    for number in range(files + 1):
        for label, sign in sides.items():
            start = time.perf_counter()
            sign(number)
            # The first turn opens keys and fonts on both sides.
            if number:
                times[label].append(time.perf_counter() - start)
    medians = {label: statistics.median(taken) for label, taken in times.items()}
    for label, median in medians.items():
        print(f"{label:8} {1 / median:6.1f} documents/s  (median {median * 1000:.0f} ms of {files})")
    print(f"ratio    {medians['pyHanko'] / medians['sohoa']:.2f} x plain pyHanko {version('pyhanko')}")
    trust, taken = TrustSettings(test_ca=folder / "ca"), []
    for number in range(1, files + 1):
        start = time.perf_counter()
        (fact,) = verify_pdf(folder / f"{number}.pdf", trust=trust)
        taken.append(time.perf_counter() - start)
        if not fact.trusted:
            raise SystemExit(f"{number}.pdf does not hold: {fact.summary}")
    print(f"verdict  {statistics.median(taken) * 1000:.0f} ms (median of {files})")


def _sizes(source: Path, folder: Path, url: str) -> None:
    signer = open_signer(SignerSettings(test_folder=folder / "ca"))
    task = SigningTask(find_profile("nd30-2020"), signer, SigningDetails(agency=_AGENCY))
    trust = TrustSettings(test_ca=folder / "ca")
    with local_pki(folder / "ca") as pki:
        for level in Level:
            target = folder / f"{level}.pdf"
            sign_document(
                source,
                target,
                (task,),
                timestamper=open_timestamper(TimestampSettings(url)) if level.timestamped else None,
                trust=trust,
                level=level,
                revocation=RevocationSource(pki.settings()),
            )
            print(f"size     {target.stat().st_size - source.stat().st_size:7,} bytes added at {level}")


def _memory(source: Path, folder: Path, url: str, documents: int) -> None:
    signer = open_signer(SignerSettings(test_folder=folder / "ca"))
    task = SigningTask(find_profile("nd30-2020"), signer, SigningDetails(agency=_AGENCY))
    timestamper, trust = open_timestamper(TimestampSettings(url)), TrustSettings(test_ca=folder / "ca")
    target, started, sizes = folder / "out.pdf", time.perf_counter(), []
    for number in range(1, documents + 1):
        sign_document(source, target, (task,), timestamper=timestamper, trust=trust)
        target.unlink()
        if number % max(1, documents // _REPORTS) == 0:
            gc.collect()
            sizes.append(_resident())
            rate = number / (time.perf_counter() - started)
            print(
                f"{number:7,} documents  {sizes[-1]:7,} KiB resident  {rate:.1f} documents/s, verdict included",
                flush=True,
            )
    tail = sizes[len(sizes) // 4 :]
    print(f"growth   {tail[-1] - tail[0]:,} KiB over the last three quarters ({documents:,} documents)")


def _resident() -> int:
    """Resident memory of this process in KiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise SystemExit("/proc/self/status tells no VmRSS; run this on Linux")


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
    """The road's way: the signature first, then its timestamp."""
    signer = open_signer(SignerSettings(test_folder=folder / "ca"))
    timestamper = open_timestamper(TimestampSettings(url))
    profile, details = find_profile("nd30-2020"), SigningDetails(agency=_AGENCY)

    def sign(number: int) -> None:
        target = folder / f"{number}.pdf"
        sign_pdf(source, target, profile=profile, signer=signer, timestamper=None, details=details)
        add_timestamp(target, timestamper, FORGETFUL)

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
    main()
