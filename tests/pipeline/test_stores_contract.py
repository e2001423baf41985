"""One body over both stores: what the road relies on, whichever is set."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.stores import (
    BadKeyError,
    ContentConflictError,
    NoSuchObjectError,
    ObjectDamagedError,
    ObjectStore,
    Put,
    SourceChangedError,
    StoreOptions,
    open_store,
)

SCAN = b"%PDF-1.7 original bytes" * 100
SCAN_DIGEST = hashlib.sha256(SCAN).hexdigest()
KEY = "10001/lô-01/HS 001/gốc.pdf"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.pdf"
    path.write_bytes(SCAN)
    return path


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], ObjectStore]:
    """Open the same, at first empty, store again and again."""
    if request.param == "folder":
        url = f"file:{tmp_path / 'store'}"
        return lambda: open_store(url)
    server = request.getfixturevalue("s3_endpoint")
    bucket = server.make_bucket()
    options = StoreOptions(server.endpoint, server.region, server.access_key, server.secret_key)
    return lambda: open_store(f"s3://{bucket}/kho/lưu trữ", options)


@pytest.fixture
def store(reopen: Callable[[], ObjectStore]) -> ObjectStore:
    return reopen()


def test_put_file_is_kept_whole_and_told_apart_from_there_already(store: ObjectStore, scan: Path) -> None:
    assert store.put_file(KEY, scan) == Put(KEY, created=True, sha256=SCAN_DIGEST, size=len(SCAN))
    assert store.put_file(KEY, scan, sha256=SCAN_DIGEST) == Put(
        KEY, created=False, sha256=SCAN_DIGEST, size=len(SCAN)
    )
    assert store.get_bytes(KEY) == SCAN
    assert scan.read_bytes() == SCAN


def test_kept_bytes_outlive_the_opened_store(reopen: Callable[[], ObjectStore]) -> None:
    assert reopen().put_bytes(KEY, SCAN)
    assert reopen().get_bytes(KEY, sha256=SCAN_DIGEST) == SCAN


def test_other_bytes_under_a_kept_key_are_refused_and_change_nothing(store: ObjectStore, tmp_path: Path) -> None:
    assert store.put_bytes(KEY, SCAN) is True
    assert store.put_bytes(KEY, SCAN) is False
    other = tmp_path / "other.pdf"
    other.write_bytes(b"other")
    with pytest.raises(ContentConflictError) as caught:
        store.put_file(KEY, other)
    assert (caught.value.kept, caught.value.offered) == (SCAN_DIGEST, digest(b"other"))
    with pytest.raises(ContentConflictError):
        store.put_bytes(KEY, SCAN[:-1] + b"?")
    assert store.get_bytes(KEY) == SCAN


def test_file_without_the_promised_digest_is_not_kept(store: ObjectStore, scan: Path) -> None:
    with pytest.raises(SourceChangedError) as caught:
        store.put_file(KEY, scan, sha256=digest(b"what the manifest says"))
    assert caught.value.found == SCAN_DIGEST
    assert not store.exists(KEY)
    assert list(store.list()) == []


def test_get_file_returns_the_digest_and_makes_folders(store: ObjectStore, tmp_path: Path) -> None:
    store.put_bytes(KEY, SCAN)
    target = tmp_path / "work" / "deep" / "gốc.pdf"
    assert store.get_file(KEY, target) == SCAN_DIGEST
    assert target.read_bytes() == SCAN


def test_damage_is_told_and_leaves_no_file(store: ObjectStore, tmp_path: Path) -> None:
    store.put_bytes(KEY, SCAN)
    target = tmp_path / "work" / "gốc.pdf"
    with pytest.raises(ObjectDamagedError) as caught:
        store.get_file(KEY, target, sha256=digest(b"expected"))
    assert (caught.value.expected, caught.value.found) == (digest(b"expected"), SCAN_DIGEST)
    with pytest.raises(ObjectDamagedError):
        store.get_bytes(KEY, sha256=digest(b"expected"))
    assert list((tmp_path / "work").iterdir()) == []


def test_missing_object(store: ObjectStore, tmp_path: Path) -> None:
    store.put_bytes("a/b/c", b"1")
    for key in ("missing", "a/b", "a", "a/b/c/d"):
        assert store.exists(key) is False
        with pytest.raises(NoSuchObjectError):
            store.get_bytes(key)
        with pytest.raises(NoSuchObjectError):
            store.stat(key)
        with pytest.raises(NoSuchObjectError) as caught:
            store.get_file(key, tmp_path / "work" / "x")
        assert caught.value.key == key
    assert not (tmp_path / "work" / "x").exists()


def test_stat_tells_size_and_aware_time(store: ObjectStore) -> None:
    store.put_bytes(KEY, SCAN)
    found = store.stat(KEY)
    assert (found.key, found.size) == (KEY, len(SCAN))
    assert found.sha256 in (None, SCAN_DIGEST)
    assert abs(dt.datetime.now(dt.UTC) - found.modified) < dt.timedelta(hours=1)


def test_empty_object(store: ObjectStore, tmp_path: Path) -> None:
    assert store.put_bytes("10001/lô/_READY", b"") is True
    assert store.put_bytes("10001/lô/_READY", b"") is False
    assert store.get_bytes("10001/lô/_READY") == b""
    assert store.get_file("10001/lô/_READY", tmp_path / "ready") == digest(b"")
    assert store.stat("10001/lô/_READY").size == 0


def test_listing_is_in_byte_order_of_the_keys_and_by_prefix(store: ObjectStore) -> None:
    keys = ["a/b", "a/b0/x", "a/c", "a0", "a.txt", "ă/đ", "a/b-1/y", "b/10", "b/9", "z"]
    for key in keys:
        store.put_bytes(key, key.encode())
    ordered = sorted(keys, key=str.encode)
    assert [found.key for found in store.list()] == ordered
    assert [found.key for found in store.list("a/")] == [key for key in ordered if key.startswith("a/")]
    assert [found.key for found in store.list("a/b")] == [key for key in ordered if key.startswith("a/b")]
    assert [found.key for found in store.list("nothing/")] == []
    assert [found.size for found in store.list("b/")] == [4, 3]


def test_folders_one_level_below(store: ObjectStore) -> None:
    assert list(store.folders()) == []
    for key in ("10002/lô-2/m.csv", "10001/lô-1/a/x.pdf", "10001/lô-1/m.csv", "10001/lô-10/m.csv", "readme"):
        store.put_bytes(key, b"")
    assert list(store.folders()) == ["10001", "10002"]
    assert list(store.folders("10001/")) == ["lô-1", "lô-10"]
    assert list(store.folders("10009/")) == []
    with pytest.raises(BadKeyError):
        list(store.folders("10001"))


@pytest.mark.parametrize("key", ["../x", "/x", "a/../../x", "a\0b", ""])
def test_hostile_key_is_refused_everywhere(store: ObjectStore, scan: Path, tmp_path: Path, key: str) -> None:
    for use in (
        lambda: store.put_file(key, scan),
        lambda: store.put_bytes(key, b"x"),
        lambda: store.get_bytes(key),
        lambda: store.get_file(key, tmp_path / "x"),
        lambda: store.exists(key),
        lambda: store.stat(key),
        lambda: store.url(key),
    ):
        with pytest.raises(BadKeyError):
            use()


def test_url_names_the_object(store: ObjectStore) -> None:
    assert store.url("a/b").endswith("/a/b")
    assert store.url("a/b").startswith(("file:///", "s3://"))


def test_many_writers_of_one_key_make_it_once(reopen: Callable[[], ObjectStore], scan: Path) -> None:
    start = threading.Barrier(8)
    store = reopen()

    def put(_: int) -> bool:
        start.wait()
        return store.put_file(KEY, scan, sha256=SCAN_DIGEST).created

    with ThreadPoolExecutor(8) as writers:
        created = list(writers.map(put, range(8)))
    assert sorted(created) == [False] * 7 + [True]
    assert [found.key for found in store.list()] == [KEY]


def test_many_writers_of_other_bytes_keep_one_of_them_whole(reopen: Callable[[], ObjectStore]) -> None:
    start = threading.Barrier(8)
    store = reopen()
    offers = [os.urandom(50_000) for _ in range(8)]

    def put(data: bytes) -> bool | None:
        start.wait()
        try:
            return store.put_bytes(KEY, data)
        except ContentConflictError:
            return None

    with ThreadPoolExecutor(8) as writers:
        outcomes = list(writers.map(put, offers))
    assert outcomes.count(True) == 1
    assert outcomes.count(None) == 7
    assert store.get_bytes(KEY) == offers[outcomes.index(True)]
