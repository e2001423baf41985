"""What only a folder can suffer: links, pipes, odd names, killed writers, and URLs of folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.stores import (
    BadKeyError,
    NoSuchObjectError,
    ObjectDamagedError,
    ObjectStore,
    StoreConfigurationError,
    open_store,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "kho lưu trữ"


@pytest.fixture
def store(root: Path) -> ObjectStore:
    return open_store(f"file:{root}")


def test_link_out_of_the_root_is_no_object(store: ObjectStore, root: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.p12").write_bytes(b"secret")
    store.put_bytes("drop/scan.pdf", b"scan")
    (root / "drop" / "file-link.pdf").symlink_to(secret / "key.p12")
    (root / "drop" / "folder-link").symlink_to(secret, target_is_directory=True)
    for key in ("drop/file-link.pdf", "drop/folder-link/key.p12"):
        with pytest.raises(NoSuchObjectError):
            store.get_bytes(key)
        assert not store.exists(key)
    assert [found.key for found in store.list()] == ["drop/scan.pdf"]
    assert list(store.folders("drop/")) == []


def test_nothing_is_written_through_a_link(store: ObjectStore, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    store.put_bytes("drop/scan.pdf", b"scan")
    (root / "drop" / "out").symlink_to(outside, target_is_directory=True)
    (root / "drop" / "dangling.pdf").symlink_to(outside / "made.pdf")
    with pytest.raises(BadKeyError):
        store.put_bytes("drop/out/made.pdf", b"x")
    with pytest.raises(BadKeyError):
        store.put_bytes("drop/dangling.pdf", b"x")
    assert list(outside.iterdir()) == []


def test_pipe_and_folder_are_no_objects_and_do_not_hang(store: ObjectStore, root: Path) -> None:
    store.put_bytes("drop/scan.pdf", b"scan")
    os.mkfifo(root / "drop" / "pipe.pdf")
    with pytest.raises(NoSuchObjectError):
        store.get_bytes("drop/pipe.pdf")
    with pytest.raises(NoSuchObjectError):
        store.get_bytes("drop")
    with pytest.raises(BadKeyError):
        store.put_bytes("drop", b"x")
    with pytest.raises(BadKeyError):
        store.put_bytes("drop/scan.pdf/x", b"x")
    assert [found.key for found in store.list()] == ["drop/scan.pdf"]


def test_drop_with_odd_names_is_listed_without_those_no_key_can_spell(store: ObjectStore, root: Path) -> None:
    drop = root / "drop"
    drop.mkdir(parents=True)
    (drop / "hồ sơ 1.pdf").write_bytes(b"1")  # decomposed, as a Mac writes it
    (drop / "new\nline.pdf").write_bytes(b"2")
    (Path(os.fsdecode(os.fsencode(drop) + b"/caf\xe9.pdf"))).write_bytes(b"3")
    assert [found.key for found in store.list()] == ["drop/hồ sơ 1.pdf"]
    assert store.get_bytes("drop/hồ sơ 1.pdf") == b"1"


def test_kept_files_are_read_only_and_nothing_half_written_stays(store: ObjectStore, root: Path) -> None:
    store.put_bytes("a/b", b"x")
    store.put_bytes("a/b", b"x")
    assert (root / "a" / "b").stat().st_mode & 0o222 == 0
    assert list((root / ".incoming").iterdir()) == []


def test_killed_writer_leaves_no_object(root: Path, tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from pipeline.stores import open_store

class Dying:
    def __init__(self): self.sent = False
    def read(self, size):
        if self.sent: os.kill(os.getpid(), signal.SIGKILL)
        self.sent = True
        return b"half of the scan"

open_store(sys.argv[1])._put("a/scan.pdf", Dying(), None)
"""
    done = subprocess.run([sys.executable, "-c", script, f"file:{root}"], check=False)
    assert done.returncode == -9
    store = open_store(f"file:{root}")
    assert list(store.list()) == []
    assert store.put_bytes("a/scan.pdf", b"the whole scan") is True


def test_bit_rot_is_found_when_the_digest_is_given(store: ObjectStore, root: Path) -> None:
    store.put_bytes("a/b", b"good")
    (root / "a" / "b").chmod(0o644)
    (root / "a" / "b").write_bytes(b"goof")
    digest = "770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c"
    with pytest.raises(ObjectDamagedError):
        store.get_bytes("a/b", sha256=digest)


def test_store_that_was_never_written_is_empty(store: ObjectStore, root: Path) -> None:
    assert list(store.list()) == []
    assert list(store.folders()) == []
    assert not store.exists("a")
    assert not root.exists()


def test_relative_and_absolute_folder_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    relative = open_store("file:var/kho%20%C4%91")
    relative.put_bytes("a", b"1")
    assert (tmp_path / "var" / "kho đ" / "a").read_bytes() == b"1"
    assert open_store(f"file://{tmp_path}/var/kho%20%C4%91").get_bytes("a") == b"1"
    assert open_store(relative.url("a").rpartition("/")[0]).get_bytes("a") == b"1"


@pytest.mark.parametrize(
    "url", ["", "var/archive", "file:", "file://server/share", "file:a?b=c", "ftp://x/y", "s3:bucket"]
)
def test_url_that_is_no_store_says_what_to_write(url: str) -> None:
    with pytest.raises(StoreConfigurationError, match="write file:folder or"):
        open_store(url)
