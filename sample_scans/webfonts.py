"""Handwriting with full Vietnamese, from the packages of npm: Debian has nearly none.

A web font comes in one file per script; Pillow wants one file, so the parts are joined. Nothing of it is committed.
Run ``python -m sample_scans.webfonts [FOLDER]``; without npm or without a network it says so and the sample falls
back to the Debian fonts of ``sample_scans.fonts``.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import click

from sample_scans.fonts import tools_folder

PACKAGES: dict[str, str] = {
    "patrick-hand": "5.3.0",
    "itim": "5.3.0",
    "charm": "5.2.7",
    "dancing-script": "5.3.0",
    "mali": "5.3.0",
}
"""Hands that differ (upright, round, brush, joined, child-like), all under the SIL Open Font License."""

_PARTS = ("latin", "latin-ext", "vietnamese")


def fetch(folder: Path) -> tuple[list[Path], list[str]]:
    """Get every package that is not in ``folder`` yet and join its parts into one ``.ttf`` each.

    Returns:
        The fonts that are there now, and for each one that is not a sentence saying why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ready: list[Path] = []
    problems: list[str] = []
    npm = shutil.which("npm")
    for name, version in PACKAGES.items():
        target = folder / f"{name}.ttf"
        if not target.exists():
            if npm is None:
                problems.append(f"{name}: npm is not installed")
                continue
            try:
                _join(_download(npm, name, version), name, target)
            except (subprocess.SubprocessError, OSError, KeyError, tarfile.TarError) as error:
                problems.append(f"{name}: {type(error).__name__}: {error}")
                continue
        ready.append(target)
    return ready, problems


def _download(npm: str, name: str, version: str) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(
            [npm, "pack", "--silent", f"@fontsource/{name}@{version}"],
            cwd=scratch,
            check=True,
            timeout=120,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return next(Path(scratch).glob("*.tgz")).read_bytes()


def _join(package: bytes, name: str, target: Path) -> None:
    from fontTools.merge import Merger, Options
    from fontTools.ttLib import TTFont

    with tempfile.TemporaryDirectory() as scratch, tarfile.open(fileobj=io.BytesIO(package)) as archive:
        parts: list[str] = []
        for part in _PARTS:
            member = archive.extractfile(f"package/files/{name}-{part}-400-normal.woff2")
            if member is None:
                raise KeyError(part)
            font = TTFont(io.BytesIO(member.read()))
            font.flavor = None
            # letters are drawn one code point at a time: layout tables are not used and would not always merge
            for table in ("GSUB", "GPOS", "GDEF", "STAT", "fvar", "gvar", "avar", "HVAR", "MVAR"):
                if table in font:
                    del font[table]
            path = Path(scratch) / f"{part}.ttf"
            font.save(path)
            parts.append(str(path))
        joined = Merger(options=Options(drop_tables=["vmtx", "vhea", "DSIG"])).merge(parts)
        draft = Path(scratch) / "joined.ttf"
        joined.save(draft)
        shutil.move(draft, target)


@click.command(help="Fetch handwriting fonts with full Vietnamese from npm into FOLDER (default: .tools/fonts).")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
def main(folder: Path | None) -> None:
    ready, problems = fetch(folder or tools_folder())
    for path in ready:
        click.echo(f"ready: {path.name}")
    for problem in problems:
        click.echo(f"left out: {problem}; handwriting falls back to another font", err=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
