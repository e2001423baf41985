"""The object store that is a folder: for one machine, and for drops people copy in.

Keys are paths below the root. Every path is walked part by part without following symbolic links, so neither a link
in a hostile drop nor one swapped in during the walk leads out of the root: to this store links are no objects.
No digest is kept beside a file: it would have to be trusted, and re-reading a file costs less than a wrong answer.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import hashlib
import io
import logging
import os
import secrets
import stat as modes
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from pipeline.stores.errors import (
    BadKeyError,
    ContentConflictError,
    NoSuchObjectError,
    ObjectDamagedError,
    SourceChangedError,
    StoreConfigurationError,
    StoreError,
    StoreUnavailableError,
)
from pipeline.stores.interface import ObjectStat, Put
from pipeline.stores.keys import INCOMING, key_fault, readable_key, readable_prefix, writable_key
from pipeline.stores.local import write_whole

CHUNK = 1024 * 1024
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a named pipe somebody dropped must not wait for a writer.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_SUCH = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

log = logging.getLogger(__name__)


class FolderStore:
    """``ObjectStore`` over a folder. The folder is made by the first put; before, the store is empty."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def __repr__(self) -> str:
        return f"FolderStore({str(self.root)!r})"

    def put_file(self, key: str, path: Path, *, sha256: str | None = None) -> Put:
        with path.open("rb") as source:
            return self._put(key, source, sha256)

    def put_bytes(self, key: str, data: bytes) -> bool:
        return self._put(key, io.BytesIO(data), None).created

    def get_file(self, key: str, path: Path, *, sha256: str | None = None) -> str:
        with self._open(readable_key(key)) as source, write_whole(path) as target:
            digest, _ = self._copy(key, source, target)
            _check(key, digest, sha256)
        return digest

    def get_bytes(self, key: str, *, sha256: str | None = None) -> bytes:
        with self._open(readable_key(key)) as source, self._faults(key):
            data = source.read()
        if sha256 is not None:
            _check(key, hashlib.sha256(data).hexdigest(), sha256)
        return data

    def exists(self, key: str) -> bool:
        try:
            self.stat(key)
        except NoSuchObjectError:
            return False
        return True

    def stat(self, key: str) -> ObjectStat:
        with self._open(readable_key(key)) as source:
            return _stat(key, os.fstat(source.fileno()))

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        readable_prefix(prefix)
        above, _, begin = prefix.rpartition("/")
        try:
            top = self._walk(above.split("/") if above else [], prefix)
        except NoSuchObjectError:
            return
        yield from self._list(top, f"{above}/" if above else "", begin)

    def folders(self, prefix: str = "") -> Iterator[str]:
        if prefix and not prefix.endswith("/"):
            raise BadKeyError(prefix, "names below it are asked for, so it must end with '/'")
        readable_prefix(prefix)
        try:
            top = self._walk(prefix.split("/")[:-1], prefix)
        except NoSuchObjectError:
            return
        try:
            names = [entry.name for entry in self._entries(top, prefix) if entry.is_dir(follow_symlinks=False)]
        finally:
            os.close(top)
        for name in names:
            if next(self.list(f"{prefix}{name}/"), None) is not None:
                yield name

    def url(self, key: str) -> str:
        return "file://" + quote(str(self.root / readable_key(key)))

    # --- putting

    def _put(self, key: str, source: BinaryIO, expected: str | None) -> Put:
        *above, name = writable_key(key).split("/")
        with self._faults(key), contextlib.ExitStack() as open_folders:
            self.root.mkdir(parents=True, exist_ok=True)
            incoming = self._walk([INCOMING], key, make=True)
            open_folders.callback(os.close, incoming)
            half = secrets.token_hex(16)
            # Kept objects are read-only: an editor that opens one by mistake cannot save over it.
            with os.fdopen(
                os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444, dir_fd=incoming), "wb"
            ) as target:
                open_folders.callback(os.unlink, half, dir_fd=incoming)
                digest, size = self._copy(key, source, target)
                if expected is not None and digest != expected:
                    raise SourceChangedError(key, expected, digest)
                target.flush()
                os.fsync(target.fileno())
            folder = self._walk(above, key, make=True)
            open_folders.callback(os.close, folder)
            try:
                os.link(half, name, src_dir_fd=incoming, dst_dir_fd=folder, follow_symlinks=False)
            except FileExistsError:
                self._compare(key, digest, size)
                return Put(key, created=False, sha256=digest, size=size)
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.EOPNOTSUPP):
                    raise
                raise StoreConfigurationError(
                    str(self.root), "its file system has no hard links; keep the store on ext4, XFS, NFS or in S3"
                ) from error
            os.fsync(folder)
            return Put(key, created=True, sha256=digest, size=size)

    def _compare(self, key: str, digest: str, size: int) -> None:
        try:
            kept = self._open(key)
        except NoSuchObjectError:
            raise BadKeyError(key, "a folder or a link stands under this name") from None
        with kept:
            kept_digest, _ = self._copy(key, kept, None)
        if kept_digest != digest:
            raise ContentConflictError(key, kept_digest, digest)

    def _copy(self, key: str, source: BinaryIO, target: BinaryIO | None) -> tuple[str, int]:
        digest = hashlib.sha256()
        size = 0
        while chunk := self._read(key, source):
            digest.update(chunk)
            size += len(chunk)
            if target is not None:
                target.write(chunk)
        return digest.hexdigest(), size

    def _read(self, key: str, source: BinaryIO) -> bytes:
        with self._faults(key):
            return source.read(CHUNK)

    # --- walking

    def _walk(self, parts: Sequence[str], key: str, *, make: bool = False) -> int:
        """Open the folder at ``parts`` below the root, following no link; ``key`` is for the errors."""
        with self._faults(key):
            here = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                for part in parts:
                    here = _step(here, part, make)
            except OSError as error:
                os.close(here)
                if make and error.errno in (errno.ENOTDIR, errno.ELOOP):
                    raise BadKeyError(key, "an object or a link stands where a folder is needed") from error
                raise
            except BaseException:
                os.close(here)
                raise
            return here

    def _open(self, key: str) -> BinaryIO:
        *above, name = key.split("/")
        folder = self._walk(above, key)
        try:
            with self._faults(key):
                file = os.open(name, _READ, dir_fd=folder)
        finally:
            os.close(folder)
        if not modes.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise NoSuchObjectError(key, self.url(key))
        return os.fdopen(file, "rb")

    def _entries(self, folder: int, prefix: str) -> Sequence[os.DirEntry[str]]:
        with self._faults(prefix), os.scandir(folder) as found:
            entries = list(found)
        kept = []
        for entry in entries:
            if not prefix and entry.name == INCOMING:
                continue
            if key_fault(prefix + entry.name) or not (
                entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
            ):
                log.warning("%s: passed over an entry that is no object (a link, a device, a bad name)", prefix)
                continue
            kept.append(entry)
        # "a/b" sorts before "a0": a folder sorts with its slash, as its keys do.
        return sorted(kept, key=lambda entry: _sort_name(entry).encode())

    def _list(self, folder: int, prefix: str, begin: str) -> Iterator[ObjectStat]:
        """Yield what lies in ``folder``, whose descriptor is closed before the first object is handed out."""
        try:
            entries = [
                (entry.name, None if entry.is_dir(follow_symlinks=False) else entry.stat(follow_symlinks=False))
                for entry in self._entries(folder, prefix)
                if entry.name.startswith(begin)
            ]
        finally:
            os.close(folder)
        for name, found in entries:
            key = prefix + name
            if found is not None:
                yield _stat(key, found)
                continue
            try:
                below = self._walk(key.split("/"), key)
            except NoSuchObjectError:
                continue
            yield from self._list(below, f"{key}/", "")

    @contextlib.contextmanager
    def _faults(self, key: str) -> Iterator[None]:
        """Turn the system's errors into the room's."""
        try:
            yield
        except StoreError:
            raise
        except OSError as error:
            where = str(self.root / key)
            if error.errno in _NO_SUCH:
                raise NoSuchObjectError(key, where) from error
            if error.errno in _DENIED:
                raise StoreConfigurationError(
                    where, "not allowed; give this user the right to read and write the folder"
                ) from error
            raise StoreUnavailableError(where, error.strerror or str(error)) from error


def _step(here: int, part: str, make: bool) -> int:
    """Go from folder ``here`` into ``part`` and close ``here``."""
    try:
        below = os.open(part, _FOLDER, dir_fd=here)
    except FileNotFoundError:
        if not make:
            raise
        with contextlib.suppress(FileExistsError):
            os.mkdir(part, dir_fd=here)
            os.fsync(here)
        below = os.open(part, _FOLDER, dir_fd=here)
    os.close(here)
    return below


def _sort_name(entry: os.DirEntry[str]) -> str:
    return f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name


def _stat(key: str, found: os.stat_result) -> ObjectStat:
    return ObjectStat(key, found.st_size, dt.datetime.fromtimestamp(found.st_mtime, dt.UTC))


def _check(key: str, found: str, expected: str | None) -> None:
    if expected is not None and found != expected:
        raise ObjectDamagedError(key, expected, found)
