"""``python -m sample_scans OUT``: make a sample intake with its truth."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click

from sample_scans.fonts import FontsMissingError
from sample_scans.intake import Sign, generate


def signer(command: str) -> Sign:
    """A signer that runs ``command`` with ``{in}`` and ``{out}`` replaced by the two paths."""

    def sign(source: Path, target: Path) -> None:
        words = [word.replace("{in}", str(source)).replace("{out}", str(target)) for word in shlex.split(command)]
        subprocess.run(words, check=True, timeout=120, stdout=subprocess.DEVNULL)

    return sign


@click.command(help="Write fictional archive scans with their exact truth to OUT (intake/, truth/, inventory.csv).")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same scans.")
@click.option("--documents", type=click.IntRange(1, 100_000), default=24, show_default=True)
@click.option("--faults/--no-faults", default=True, show_default=True, help="Put deliberate faults in.")
@click.option("--dpi", type=click.Choice(["150", "200", "300"]), default="200", show_default=True)
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Processes that draw.")
@click.option("--signer-command", help="Signs one PDF: 'command {in} {out}'; makes the already signed input.")
def main(out: Path, seed: int, documents: int, faults: bool, dpi: str, jobs: int, signer_command: str | None) -> None:
    sign = signer(signer_command) if signer_command else None
    try:
        with click.progressbar(length=documents, label="Sample scans", file=sys.stderr) as bar:
            summary = generate(
                out,
                seed=seed,
                documents=documents,
                dpi=int(dpi),
                faults=faults,
                jobs=jobs,
                sign=sign,
                progress=lambda key: bar.update(1),
            )
            bar.update(documents - bar.pos)
    except FileExistsError as error:
        raise click.UsageError(f"{error.filename} is already there; choose another folder or remove it") from error
    except FontsMissingError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{summary.documents} documents, {summary.pages} pages, {summary.files} files in {out / 'intake'}")
    for batch in summary.batches:
        click.echo(f"  batch {batch}")
    click.echo(
        f"inventory of {summary.inventory_records} records in {out / 'inventory.csv'}; truth in {out / 'truth'}"
    )
    for kind, count in summary.faults.items():
        click.echo(f"  fault {kind}: {count}")
    for kind, why in summary.left_out.items():
        click.echo(f"  no {kind}: {why}", err=True)


if __name__ == "__main__":
    main()
