"""What only an S3 server can do: fail, refuse, hold large objects in parts and objects that others put."""

from __future__ import annotations

import hashlib
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from s3_service import S3Server

from pipeline.stores import (
    ContentConflictError,
    NoSuchObjectError,
    ObjectDamagedError,
    ObjectStore,
    SourceChangedError,
    StoreConfigurationError,
    StoreOptions,
    StoreUnavailableError,
    open_store,
)

pytestmark = pytest.mark.s3

PART = 5 * 1024 * 1024
LARGE = os.urandom(PART + 1000)
LARGE_DIGEST = hashlib.sha256(LARGE).hexdigest()


@pytest.fixture
def bucket(s3_endpoint: S3Server) -> str:
    return s3_endpoint.make_bucket()


@pytest.fixture
def open_bucket(s3_endpoint: S3Server, bucket: str) -> Callable[..., ObjectStore]:
    def open_it(**changes: Any) -> ObjectStore:
        settings = {
            "endpoint": s3_endpoint.endpoint,
            "region": s3_endpoint.region,
            "access_key": s3_endpoint.access_key,
            "secret_key": s3_endpoint.secret_key,
        }
        return open_store(f"s3://{bucket}/archive", StoreOptions(**{**settings, **changes}))

    return open_it


@pytest.fixture
def client(s3_endpoint: S3Server) -> Any:
    return s3_endpoint.client


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.tiff"
    path.write_bytes(LARGE)
    return path


def test_large_file_goes_up_in_parts_and_is_compared_by_its_whole_digest(
    open_bucket: Callable[..., ObjectStore], large: Path, tmp_path: Path
) -> None:
    store = open_bucket(multipart_bytes=PART)
    assert store.put_file("a/large.tiff", large).created is True
    assert store.put_file("a/large.tiff", large, sha256=LARGE_DIGEST).created is False
    assert store.stat("a/large.tiff").sha256 == LARGE_DIGEST
    assert store.get_file("a/large.tiff", tmp_path / "back.tiff") == LARGE_DIGEST
    with large.open("ab") as target:
        target.write(b"more")
    with pytest.raises(ContentConflictError):
        store.put_file("a/large.tiff", large)


def test_two_writers_of_a_large_file_make_it_once_and_leave_no_parts(
    open_bucket: Callable[..., ObjectStore], large: Path, client: Any, bucket: str
) -> None:
    store = open_bucket(multipart_bytes=PART)
    start = threading.Barrier(4)

    def put(_: int) -> bool:
        start.wait()
        return store.put_file("a/large.tiff", large).created

    with ThreadPoolExecutor(4) as writers:
        assert sorted(writers.map(put, range(4))) == [False, False, False, True]
    assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
    assert store.get_bytes("a/large.tiff") == LARGE


def test_large_file_that_changes_on_the_way_is_not_kept(
    open_bucket: Callable[..., ObjectStore], client: Any, bucket: str
) -> None:
    store: Any = open_bucket(multipart_bytes=PART)

    class Changing:
        """A file that somebody writes to between the first reading and the second."""

        def __init__(self) -> None:
            import io

            self.first, self.second = io.BytesIO(LARGE), io.BytesIO(LARGE[:-1] + b"?")
            self.rewound = 0

        def seek(self, place: int) -> None:
            self.rewound += 1
            self.first.seek(place)

        def tell(self) -> int:
            return self.first.tell()

        def read(self, size: int) -> bytes:
            return (self.first if self.rewound < 2 else self.second).read(size)

    with pytest.raises(SourceChangedError):
        store._put("a/large.tiff", Changing(), None)
    assert not store.exists("a/large.tiff")
    assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def test_object_that_others_put_is_compared_by_reading_it(
    open_bucket: Callable[..., ObjectStore], client: Any, bucket: str
) -> None:
    store = open_bucket()
    client.put_object(Bucket=bucket, Key="archive/10001/scan.pdf", Body=b"scan")
    client.put_object(Bucket=bucket, Key="archive/10001/folder/", Body=b"")
    client.put_object(Bucket=bucket, Key="elsewhere/scan.pdf", Body=b"scan")
    assert [found.key for found in store.list()] == ["10001/scan.pdf"]
    assert store.stat("10001/scan.pdf").sha256 is None
    assert store.put_bytes("10001/scan.pdf", b"scan") is False
    with pytest.raises(ContentConflictError):
        store.put_bytes("10001/scan.pdf", b"other")


def test_digest_told_at_the_put_is_checked_at_every_reading(
    open_bucket: Callable[..., ObjectStore], client: Any, bucket: str, tmp_path: Path
) -> None:
    store = open_bucket()
    client.put_object(Bucket=bucket, Key="archive/a", Body=b"rotten", Metadata={"sha256": LARGE_DIGEST})
    with pytest.raises(ObjectDamagedError):
        store.get_bytes("a")
    with pytest.raises(ObjectDamagedError):
        store.get_file("a", tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_more_objects_than_one_page_of_a_listing(
    open_bucket: Callable[..., ObjectStore], s3_endpoint: S3Server, bucket: str
) -> None:
    keys = [f"10001/{number:04}" for number in range(2010)]
    drop = s3_endpoint.folder / bucket / "archive" / "10001"
    drop.mkdir(parents=True)
    for key in keys:
        (drop.parent / key).touch()
    assert [found.key for found in open_bucket().list("10001/")] == keys


def test_endpoint_and_region_may_stand_in_the_url(
    s3_endpoint: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_endpoint.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_endpoint.secret_key)
    store = open_store(f"s3://{bucket}?endpoint={s3_endpoint.endpoint}&region={s3_endpoint.region}")
    assert store.put_bytes("lô/a", b"1") is True
    assert store.url("lô/a") == f"s3://{bucket}/l%C3%B4/a"
    with pytest.raises(StoreConfigurationError, match="secret"):
        open_store(f"s3://{bucket}?secret=x")


def test_wrong_credentials_and_wrong_bucket_are_configuration(
    open_bucket: Callable[..., ObjectStore], s3_endpoint: S3Server
) -> None:
    with pytest.raises(StoreConfigurationError) as caught:
        open_bucket(secret_key="wrong").put_bytes("a", b"1")
    assert "wrong" not in str(caught.value)
    with pytest.raises(StoreConfigurationError, match="NoSuchBucket"):
        open_store(
            "s3://no-such-bucket",
            StoreOptions(s3_endpoint.endpoint, None, s3_endpoint.access_key, s3_endpoint.secret_key),
        ).put_bytes("a", b"1")


def test_secret_is_not_shown(open_bucket: Callable[..., ObjectStore], s3_endpoint: S3Server) -> None:
    store: Any = open_bucket()
    assert s3_endpoint.secret_key not in repr(store) + repr(store.options)


class _Failing(http.server.BaseHTTPRequestHandler):
    """A server in trouble: 503 to everything, except a body cut short."""

    def do_GET(self) -> None:
        if self.path.endswith("/short"):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"only this")
        else:
            self.send_error(503)

    do_PUT = do_HEAD = do_GET

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def failing_server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Failing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_server_in_trouble_is_unavailable_not_missing(
    open_bucket: Callable[..., ObjectStore], failing_server: str, tmp_path: Path
) -> None:
    store = open_bucket(endpoint=failing_server, attempts=1)
    for use in (
        lambda: store.put_bytes("a", b"1"),
        lambda: store.get_bytes("a"),
        lambda: store.exists("a"),
        lambda: list(store.list()),
        lambda: store.get_file("short", tmp_path / "short"),
    ):
        with pytest.raises(StoreUnavailableError):
            use()
    assert list(tmp_path.iterdir()) == []


def test_server_that_is_gone_is_unavailable(open_bucket: Callable[..., ObjectStore]) -> None:
    store = open_bucket(endpoint="http://127.0.0.1:9", attempts=1, connect_timeout=1.0)
    with pytest.raises(StoreUnavailableError) as caught:
        store.get_bytes("a")
    assert caught.value.code == "store_unavailable"
    assert not isinstance(caught.value, NoSuchObjectError)
