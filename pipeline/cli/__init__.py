"""``sohoa``: the commands people type (architecture, section 6). Reads arguments and prints; no work of its own."""

from __future__ import annotations

import functools
import gc
import logging
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pipeline.context import Context

COMMANDS = {
    "check": "pipeline.cli.intake",
    "run": "pipeline.cli.intake",
    "rerun": "pipeline.cli.intake",
    "approve": "pipeline.cli.signing",
    "extend": "pipeline.cli.signing",
    "status": "pipeline.cli.knowledge",
    "inventory": "pipeline.cli.denominators",
    "custody": "pipeline.cli.denominators",
    "completeness": "pipeline.cli.checks",
    "reconcile": "pipeline.cli.checks",
    "outlook": "pipeline.cli.reporting",
    "alerts": "pipeline.cli.reporting",
    "report": "pipeline.cli.reporting",
    "serve": "pipeline.cli.serve",
    "account": "pipeline.cli.accounts",
    "audit": "pipeline.cli.upkeep",
    "rebuild": "pipeline.cli.upkeep",
    "convert": "pipeline.cli.files",
    "verify": "pipeline.cli.verify",
}
"""Where each command lives; a module is imported when one of its commands is called, so that help is quick."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sohoa", message="sohoa %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Ghi nhật ký chi tiết ra màn hình.")
def sohoa(verbose: bool) -> None:
    """Số hóa kết quả giải quyết thủ tục hành chính: từ bản quét đến PDF/A có chữ ký, và tiến độ từng phường."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR, format="%(asctime)s %(levelname)s %(message)s"
    )
    if not verbose:  # a wait for the outside world is told, so that nobody takes it for a hang
        logging.getLogger("pipeline").setLevel(logging.WARNING)


def open_context() -> Context:
    """The context of the settings.

    Raises:
        ConfigurationError: A setting does not fit.
    """
    from pipeline.context import Context
    from pipeline.settings import read_settings

    return Context(read_settings())


def telling_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn our own errors, and what the system refuses, into one clear line and the right exit code.

    Strangers keep their traceback: they are defects of ours.
    """

    @functools.wraps(command)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except Exception as error:
            # Here, because a command may have something to begin before it waits for slow imports.
            from pipeline.cli.screen import Exit, fail
            from pipeline.errors import Disposition, disposition, is_ours, reason_code, safe_message

            if not is_ours(error) and not isinstance(error, OSError | MemoryError):
                raise
            halt = is_ours(error) and disposition(error) is Disposition.HALT
            code = reason_code(error)
            fail(f"{code}: {safe_message(error)}", Exit.BAD_USAGE if halt else Exit.NOTHING_DONE, code)

    return call


def main() -> None:
    """Entry point of the ``sohoa`` command."""
    os.umask(0o027)  # what we write names citizens: nobody else on the machine reads it
    try:
        sohoa(prog_name="sohoa")
    except BrokenPipeError:
        sys.exit(0)
    finally:
        # All that is left goes with the process: looking through it for what could be freed took 0.07 s.
        gc.freeze()
