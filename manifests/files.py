"""Looking at delivered files without trusting them: no link is followed, nothing but plain files is opened."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from manifests.errors import ManifestsError
from manifests.spelling import visible

_CHUNK = 1 << 20
MAX_ENTRIES = 200_000
MAX_DEPTH = 8
_WHY = {
    errno.ENOENT: "không tồn tại",
    errno.EACCES: "không có quyền đọc",
    errno.EPERM: "không có quyền đọc",
    errno.EIO: "lỗi đọc đĩa",
    errno.ENOTDIR: "không phải thư mục",
    errno.EBUSY: "đang bị chương trình khác giữ",
}


class FileError(ManifestsError):
    """A file of a drop cannot be used. ``detail`` is Vietnamese, for a ``Fault`` with ``code``."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")


@dataclass(frozen=True, slots=True)
class Found:
    """One entry of a drop as ``lstat`` sees it; ``name`` is relative to the drop, with ``/``, spelled as on disk."""

    name: str
    mode: int
    size: int

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode)

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.mode)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)


def shown(name: str) -> str:
    """A file name fit for a message: names that are not UTF-8 on disk keep their place as ``�``."""
    return visible(os.fsencode(name).decode("utf-8", "replace"), limit=200)


def why(error: OSError) -> str:
    """What the system refused, in Vietnamese where people meet it often."""
    return _WHY.get(error.errno or 0) or error.strerror or type(error).__name__


def list_folder(folder: Path) -> dict[str, Found]:
    """Everything below ``folder`` by relative name, links not followed.

    Raises:
        FileError: It cannot be listed, is nested deeper than ``MAX_DEPTH`` or holds more than ``MAX_ENTRIES``.
    """
    found: dict[str, Found] = {}
    waiting: list[tuple[str, int]] = [("", 1)]
    try:
        while waiting:
            below, depth = waiting.pop()
            with os.scandir(folder / below) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    name = f"{below}{entry.name}"
                    found[name] = Found(name, status.st_mode, status.st_size)
                    if len(found) > MAX_ENTRIES:
                        raise FileError("manifest_invalid", f"thư mục có hơn {MAX_ENTRIES} tệp; chia thành nhiều lô")
                    if stat.S_ISDIR(status.st_mode):
                        if depth >= MAX_DEPTH:
                            raise FileError("manifest_invalid", f"thư mục con lồng quá {MAX_DEPTH} cấp")
                        waiting.append((f"{name}/", depth + 1))
    except OSError as error:
        raise FileError("file_not_readable", f"thư mục {shown(folder.name)}: {why(error)}") from error
    return found


class Names:
    """Finds the name on disk for a name in a manifest.

    Exact first, then the same in NFC (a Mac writes NFD), then the only one that differs in case (Windows does not
    tell them apart).
    """

    def __init__(self, listing: dict[str, Found]) -> None:
        self._listing = listing
        self._nfc: dict[str, list[str]] = {}
        self._folded: dict[str, list[str]] = {}
        for name in listing:
            plain = unicodedata.normalize("NFC", name)
            self._nfc.setdefault(plain, []).append(name)
            self._folded.setdefault(plain.casefold(), []).append(name)

    def find(self, name: str) -> Found | None:
        """The entry ``name`` means; ``None`` when there is none, or several that differ only in case."""
        if name in self._listing:
            return self._listing[name]
        plain = unicodedata.normalize("NFC", name)
        for names in (self._nfc.get(plain, []), self._folded.get(plain.casefold(), [])):
            if len(names) == 1:
                return self._listing[names[0]]
        return None


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@contextmanager
def open_plain(path: Path) -> Iterator[BinaryIO]:
    """``path`` open for reading, and it is a plain file, not a link and not a pipe that would block.

    Raises:
        FileError: ``file_missing``, ``unsafe_path``, ``unsupported_format`` or ``file_not_readable``.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if stat.S_ISLNK(path.lstat().st_mode):
            raise FileError("unsafe_path", "là liên kết (symlink), không phải tệp thật")
        descriptor = os.open(path, flags)
    except FileNotFoundError as error:
        raise FileError("file_missing", "không tồn tại") from error
    except OSError as error:
        raise FileError("file_not_readable", why(error)) from error
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise FileError("unsupported_format", "không phải tệp thường")
        yield stream


def read_bytes(path: Path, limit: int) -> bytes:
    """The whole of a small file.

    Raises:
        FileError: As ``open_plain``; ``manifest_invalid`` when it is larger than ``limit`` bytes.
    """
    with open_plain(path) as stream:
        try:
            data = stream.read(limit + 1)
        except OSError as error:
            raise FileError("file_not_readable", why(error)) from error
    if len(data) > limit:
        raise FileError("manifest_invalid", f"tệp lớn hơn {limit // (1 << 20)} MB; chia thành nhiều lô")
    return data


def hash_file(path: Path) -> str:
    """Lower-case hex SHA-256 of a file that stays the same while it is read.

    Raises:
        FileError: As ``open_plain``; ``file_still_changing`` when size or time changed meanwhile, so that a copy
            still under way is never told as a wrong checksum.
    """
    digest = hashlib.sha256()
    with open_plain(path) as stream:
        before = os.fstat(stream.fileno())
        try:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
        except OSError as error:
            raise FileError("file_not_readable", why(error)) from error
        after = os.fstat(stream.fileno())
    try:
        now = path.lstat()
    except OSError as error:
        raise FileError("file_still_changing", "tệp biến mất khi đang đọc") from error
    if not _identity(before) == _identity(after) == _identity(now):
        raise FileError("file_still_changing", "kích thước hoặc thời gian thay đổi khi đang đọc")
    return digest.hexdigest()
