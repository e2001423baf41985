"""What the runner works with: settings, stores, ledger. Opened once per process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from manifests.serial import from_json, to_json
from ocr.work_folder import PREFIX, work_folder
from pipeline import archive
from pipeline.settings import Settings
from pipeline.stages import STAGES
from pipeline.stores import ContentConflictError, NoSuchObjectError, ObjectStore, open_store

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.ledger import Ledger

T = TypeVar("T")

YOUNG = 60.0
"""Seconds for which a temporary folder is left alone: its maker may not hold it yet."""


@dataclass(frozen=True)
class Context:
    """One process's hold on the outside world; everything opens when it is first used."""

    settings: Settings

    @cached_property
    def intake(self) -> ObjectStore:
        return open_store(self.settings.intake_url)

    @cached_property
    def archive(self) -> ObjectStore:
        return open_store(self.settings.archive_url)

    @cached_property
    def database(self) -> Engine:
        """The database, migrated to this version, with units, record types and stages in it."""
        # here, because a worker that reads pages never asks for it and should start quickly
        from warehouse.database import migrate, open_database
        from warehouse.reference import load_reference, register_stages

        engine = open_database(self.settings.database_url)
        migrate(engine)
        load_reference(engine)
        register_stages(engine, STAGES)
        return engine

    @cached_property
    def ledger(self) -> Ledger:
        from pipeline.ledger import Ledger

        return Ledger(self.database)

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """A temporary folder that is gone afterwards, whatever happened."""
        if self.settings.work_folder:
            self.settings.work_folder.mkdir(parents=True, exist_ok=True)
        with work_folder(self.settings.work_folder) as folder:
            _sweep(folder.parent)
            yield folder

    def result(self, kind: type[T], document_key: str, stage: str, run_key: str) -> T | None:
        """The frozen result of work done before, or ``None``."""
        try:
            return from_json(kind, self.archive.get_bytes(archive.result(document_key, stage, run_key)))
        except NoSuchObjectError:
            return None

    def keep_result(self, value: T, document_key: str, stage: str, run_key: str) -> T:
        """Put a result as the sidecar that says the work is whole; the first one put wins and is returned."""
        key = archive.result(document_key, stage, run_key)
        try:
            self.archive.put_bytes(key, to_json(value))
        except ContentConflictError:  # another process finished the same work first
            return from_json(type(value), self.archive.get_bytes(key))
        return value


@cache
def _sweep(parent: Path) -> None:
    """Remove, once for each process, the temporary folders of runs that were killed."""
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue  # gone meanwhile, or somebody else's
        try:
            found = os.fstat(held)
            if found.st_uid == os.getuid() and time.time() - found.st_mtime > YOUNG:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue  # somebody works there
        finally:
            os.close(held)
