"""The signing desk: the opened keys and the timestamp authority, shared by the threads that sign.

Nothing is opened before the first document needs it. No process that reads scans ever comes here.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pipeline.context import Context
from pipeline.plan import revocation_settings, signer_settings, timestamp_settings
from signing.fetch import RevocationSource
from signing.keys import Signer, open_signer
from signing.levels import Level
from signing.local_pki import local_pki
from signing.profiles import SignerKind
from signing.settings import KeyKind
from signing.slots import FileLocks, FileSlots, Locks, Slots
from signing.timestamps import local_tsa, open_timestamper

_PAUSE = 0.1
"""Seconds between two looks whether somebody else is done: what they wait for takes seconds."""


class SigningDesk:
    """Keys and timestamper of one process; close it after the last document."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._signers: dict[SignerKind, Signer] = {}
        self._timestamper: Any = None
        self._revocation: RevocationSource | None = None
        self._locks: Locks | None = None

    def __enter__(self) -> SigningDesk:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def signer(self, kind: SignerKind) -> Signer:
        """The opened key of the agency or of the person who digitizes.

        Raises:
            SigningError: It cannot be opened.
        """
        with self._lock:
            if kind not in self._signers:
                self._signers[kind] = self._stack.enter_context(
                    open_signer(signer_settings(self._context.settings, kind))
                )
            return self._signers[kind]

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Wait until nobody else, in any process, works on what ``name`` stands for; nobody begins meanwhile."""
        with self._lock:
            self._locks = self._locks or work_locks(self._context)
        while (give_back := self._locks.take(name)) is None:
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            give_back()

    @property
    def level(self) -> Level:
        """PAdES level of a new signature."""
        return Level(self._context.settings.signature_level)

    def revocation(self) -> RevocationSource:
        """The one who is asked whether a certificate was taken back, with the answers it remembers."""
        with self._lock:
            if self._revocation is None:
                settings = self._context.settings
                told = revocation_settings(settings)
                if not told.mirrors and signer_settings(settings).kind is KeyKind.TEST:
                    told = self._stack.enter_context(local_pki(settings.test_pki_folder)).settings()
                self._revocation = RevocationSource(told)
            return self._revocation

    def timestamper(self) -> Any:
        """The one client all threads ask through."""
        with self._lock:
            if self._timestamper is None:
                settings = self._context.settings
                url = settings.tsa_url
                slots = authority_slots(self._context, url) if url else None
                url = url or self._stack.enter_context(local_tsa(settings.test_pki_folder)).url
                self._timestamper = open_timestamper(timestamp_settings(settings, url), slots)
            return self._timestamper


def authority_slots(context: Context, url: str) -> Slots:
    """The slots every signing process shares: in the database that machines share, else in files of this machine."""
    settings = context.settings
    if settings.database_url.startswith("postgres"):
        from warehouse.slots import DatabaseSlots

        return DatabaseSlots(settings.database_url, url, settings.tsa_slots)
    return FileSlots(_shared_folder(context), url, settings.tsa_slots)


def work_locks(context: Context) -> Locks:
    """What keeps two processes from the same document: in the same place."""
    if context.settings.database_url.startswith("postgres"):
        from warehouse.slots import DatabaseLocks

        return DatabaseLocks(context.settings.database_url)
    return FileLocks(_shared_folder(context) / "work")


def _shared_folder(context: Context) -> Path:
    folder = context.settings.work_folder or Path(tempfile.gettempdir())
    return folder / f".sohoa-slots-{os.getuid()}"
