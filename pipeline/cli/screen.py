"""What the commands say: tables, bars, JSON and exit codes. Vietnamese for people, English keys for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NoReturn

import click
from pydantic_core import to_jsonable_python
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from pipeline.settings import Settings


class Exit(IntEnum):
    """Exit codes of every command (architecture, section 6)."""

    DONE = 0
    BAD_USAGE = 2
    SOME_QUARANTINED = 3
    NOTHING_DONE = 4


# a pipe or a log has no width of its own; 80 columns would break every name in the tables
out = Console(soft_wrap=True, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140)
err = Console(stderr=True, soft_wrap=True)


def known_unit(_context: click.Context, _option: click.Parameter, code: str | None) -> str | None:
    """The code of ``--unit``; an empty table for one nobody bears would say that nothing was done."""
    from manifests.units import units

    if code is not None and not units().with_code(code):
        raise click.BadParameter(
            f"không có đơn vị nào mang mã “{code}”; ghi đủ số 0 ở đầu, ví dụ 00256. Mã có trong 'sohoa status'."
        )
    return code


def print_json(value: Any) -> None:
    """One JSON document on standard output, and nothing else there."""
    click.echo(json.dumps(to_jsonable_python(value), ensure_ascii=False, indent=2))


def fail(message: str, code: Exit, reason: str = "nothing_done") -> NoReturn:
    """Say what is wrong on standard error and leave with ``code``.

    A program that asked for JSON gets its one document all the same: ``{"error": {"code": …, "message": …}}``.
    """
    context = click.get_current_context(silent=True)
    if context is not None and context.params.get("as_json"):
        print_json({"error": {"code": reason, "message": message}})
    err.print(message, style="bold red", markup=False, highlight=False)
    sys.exit(code)


def warn_without_proof(settings: Settings) -> None:
    """Say on standard error that no signed file is proven PDF/A, where files are signed and veraPDF is missing."""
    from signing.pdfa import PdfaValidator
    from signing.profiles import find_profile

    chosen = {settings.legal_profile, *settings.legal_profiles.values()}
    if not any(find_profile(name, settings.profiles_folder).signed for name in chosen):
        return
    if PdfaValidator(settings.verapdf).available:
        return
    then = "không tệp nào được ký" if settings.pdfa_proof == "required" else "tệp ký được lưu mà CHƯA kiểm tra PDF/A"
    told = f"CẢNH BÁO: chưa cài veraPDF, {then} (SOHOA_PDFA_PROOF={settings.pdfa_proof}); cài: scripts/setup test"
    err.print(told, style="bold yellow", markup=False, highlight=False)


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress]:
    """A progress bar on standard error; hidden when it is no terminal or a program reads us."""
    with Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=quiet or not err.is_terminal,
    ) as bar:
        yield bar


def table(title: str, columns: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; each column is its heading and whether it holds numbers."""
    grid = Table(title=title, title_justify="left", title_style="bold")
    for heading, numeric in columns:
        grid.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*row)
    out.print(grid)


def percent(value: float | None) -> str:
    """A percentage with Vietnamese decimal comma; a dash where nothing was declared."""
    return "–" if value is None else f"{value:.1f} %".replace(".", ",")
