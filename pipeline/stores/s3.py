"""The object store that is a bucket of an S3 server.

Put-if-absent is the server's own conditional put (``If-None-Match: *``), so two writers cannot both create. The
server checks the SHA-256 of what arrives; the digest of the whole file is kept as metadata too, since of a file that
went up in parts the server itself only knows a digest of digests. What others put into the bucket may carry no
digest: then it is read to be compared.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
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
from pipeline.stores.keys import key_fault, readable_key, readable_prefix, writable_key
from pipeline.stores.local import write_whole
from pipeline.stores.options import StoreOptions

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

CHUNK = 1024 * 1024
_DIGEST = "sha256"
"""Name of the metadata that holds the whole object's digest, lower-case hex."""
_TAKEN = frozenset({"PreconditionFailed", "412"})
_RACING = frozenset({"ConditionalRequestConflict", "OperationAborted"})
_NO_SUCH = frozenset({"NoSuchKey", "404", "NotFound"})
_MISSPELT = frozenset({"ObjectParentIsFile", "ExistingObjectIsDirectory", "KeyTooLongError"})
_BUSY = frozenset({"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "TooManyRequests"})


class S3Store:
    """``ObjectStore`` over a bucket, below an optional prefix."""

    def __init__(self, bucket: str, prefix: str, options: StoreOptions) -> None:
        self.bucket = bucket
        self.prefix = f"{readable_key(prefix)}/" if prefix else ""
        self.options = options
        self._client = _connect(options)

    def __repr__(self) -> str:
        return f"S3Store('s3://{self.bucket}/{self.prefix}')"

    def put_file(self, key: str, path: Path, *, sha256: str | None = None) -> Put:
        with path.open("rb") as source:
            return self._put(key, source, sha256)

    def put_bytes(self, key: str, data: bytes) -> bool:
        return self._put(key, io.BytesIO(data), None).created

    def get_file(self, key: str, path: Path, *, sha256: str | None = None) -> str:
        with write_whole(path) as target:
            return self._get(key, target, sha256)

    def get_bytes(self, key: str, *, sha256: str | None = None) -> bytes:
        data = io.BytesIO()
        self._get(key, data, sha256)
        return data.getvalue()

    def exists(self, key: str) -> bool:
        try:
            self.stat(key)
        except NoSuchObjectError:
            return False
        return True

    def stat(self, key: str) -> ObjectStat:
        with self._faults(key):
            head = self._client.head_object(Bucket=self.bucket, Key=self._name(key), ChecksumMode="ENABLED")
        return ObjectStat(key, head["ContentLength"], head["LastModified"], _told_digest(head))

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        readable_prefix(prefix)
        listing = self._client.get_paginator("list_objects_v2")
        pages = listing.paginate(Bucket=self.bucket, Prefix=self.prefix + prefix)
        with self._faults(prefix):
            for page in pages:
                for found in page.get("Contents", []):
                    key = found["Key"].removeprefix(self.prefix)
                    # A name that ends in "/" is how some tools show an empty folder; other names no key can spell.
                    if key_fault(key) is None:
                        yield ObjectStat(key, found["Size"], found["LastModified"])

    def folders(self, prefix: str = "") -> Iterator[str]:
        if prefix and not prefix.endswith("/"):
            raise BadKeyError(prefix, "names below it are asked for, so it must end with '/'")
        readable_prefix(prefix)
        above = self.prefix + prefix
        listing = self._client.get_paginator("list_objects_v2")
        pages = listing.paginate(Bucket=self.bucket, Prefix=above, Delimiter="/")
        with self._faults(prefix):
            for page in pages:
                for found in page.get("CommonPrefixes", []):
                    name = found["Prefix"].removeprefix(above).removesuffix("/")
                    if key_fault(prefix + name) is None:
                        yield name

    def url(self, key: str) -> str:
        return f"s3://{self.bucket}/{quote(self._name(key))}"

    # --- putting

    def _put(self, key: str, source: BinaryIO, expected: str | None) -> Put:
        name = self.prefix + writable_key(key)
        digest, size = _measure(source)
        if expected is not None and digest.hex() != expected:
            raise SourceChangedError(key, expected, digest.hex())
        send = self._send_parts if size > self.options.multipart_bytes else self._send
        created = send(key, name, source, digest)
        if not created:
            kept = self._kept_digest(key)
            if kept != digest.hex():
                raise ContentConflictError(key, kept, digest.hex())
        return Put(key, created, digest.hex(), size)

    def _send(self, key: str, name: str, source: BinaryIO, digest: bytes) -> bool:
        """Put the object in one request; ``False`` when there is one already."""
        from botocore.exceptions import ClientError

        with self._faults(key):
            try:
                self._client.put_object(
                    Bucket=self.bucket,
                    Key=name,
                    Body=source,
                    IfNoneMatch="*",
                    ChecksumSHA256=base64.b64encode(digest).decode(),
                    Metadata={_DIGEST: digest.hex()},
                )
            except ClientError as error:
                code = _code(error)
                if code in _TAKEN:
                    return False
                if code in ("BadDigest", "XAmzContentSHA256Mismatch"):
                    raise SourceChangedError(key, digest.hex(), _measure(source)[0].hex()) from error
                raise
        return True

    def _send_parts(self, key: str, name: str, source: BinaryIO, digest: bytes) -> bool:
        """Put a large object part by part; it appears, whole, with the last request or not at all."""
        from botocore.exceptions import ClientError

        # The last request decides; this one only saves sending gigabytes to learn that they are there already.
        if self.exists(key):
            return False
        with self._faults(key):
            upload = self._client.create_multipart_upload(
                Bucket=self.bucket, Key=name, ChecksumAlgorithm="SHA256", Metadata={_DIGEST: digest.hex()}
            )["UploadId"]
            try:
                parts = [
                    self._send_part(name, upload, number, part)
                    for number, part in enumerate(self._parts(key, source, digest), 1)
                ]
                self._client.complete_multipart_upload(
                    Bucket=self.bucket, Key=name, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
                )
            except BaseException as error:
                self._client.abort_multipart_upload(Bucket=self.bucket, Key=name, UploadId=upload)
                if isinstance(error, ClientError) and _code(error) in _TAKEN:
                    return False
                raise
        return True

    def _send_part(self, name: str, upload: str, number: int, part: bytes) -> CompletedPartTypeDef:
        check = base64.b64encode(hashlib.sha256(part).digest()).decode()
        answer = self._client.upload_part(
            Bucket=self.bucket, Key=name, UploadId=upload, PartNumber=number, Body=part, ChecksumSHA256=check
        )
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": check}

    def _parts(self, key: str, source: BinaryIO, digest: bytes) -> Iterator[bytes]:
        """Cut ``source`` up, and make sure at its end that it is still what was measured."""
        sent = hashlib.sha256()
        while part := source.read(self.options.multipart_bytes):
            sent.update(part)
            yield part
        if sent.digest() != digest:
            raise SourceChangedError(key, digest.hex(), sent.hexdigest())

    def _kept_digest(self, key: str) -> str:
        told = self.stat(key).sha256
        return told if told is not None else self._get(key, None, None)

    # --- getting

    def _get(self, key: str, target: BinaryIO | None, expected: str | None) -> str:
        digest = hashlib.sha256()
        with self._faults(key):
            answer = self._client.get_object(Bucket=self.bucket, Key=self._name(key), ChecksumMode="ENABLED")
            with contextlib.closing(answer["Body"]) as body:
                for chunk in body.iter_chunks(CHUNK):
                    digest.update(chunk)
                    if target is not None:
                        target.write(chunk)
        for told in (expected, _told_digest(answer)):
            if told is not None and told != digest.hexdigest():
                raise ObjectDamagedError(key, told, digest.hexdigest())
        return digest.hexdigest()

    def _name(self, key: str) -> str:
        return self.prefix + readable_key(key)

    @contextlib.contextmanager
    def _faults(self, key: str) -> Iterator[None]:
        """Turn boto's errors into the room's."""
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            HTTPClientError,
            IncompleteReadError,
            ResponseStreamingError,
        )
        from botocore.exceptions import (
            ConnectionError as BotoConnectionError,
        )

        where = f"s3://{self.bucket}/{self.prefix}{key}"
        try:
            yield
        except StoreError:
            raise
        except ClientError as error:
            raise _store_error(error, key, where) from error
        except (BotoConnectionError, HTTPClientError, IncompleteReadError, ResponseStreamingError) as error:
            raise StoreUnavailableError(where, type(error).__name__) from error
        except BotoCoreError as error:
            raise StoreConfigurationError(where, f"{error}; check the store's URL, region and credentials") from error


def _connect(options: StoreOptions) -> S3Client:
    import boto3
    from botocore.config import Config

    session = boto3.session.Session()
    return session.client(
        "s3",
        endpoint_url=options.endpoint,
        region_name=options.region or session.region_name or "us-east-1",
        aws_access_key_id=options.access_key,
        aws_secret_access_key=options.secret_key,
        config=Config(
            connect_timeout=options.connect_timeout,
            read_timeout=options.read_timeout,
            retries={"mode": "standard", "total_max_attempts": options.attempts},
            max_pool_connections=32,
            # The digests here are SHA-256 and ours; servers other than Amazon's stumble over boto's default CRC.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            # Buckets as host names need DNS that a server in an agency's cellar does not have.
            s3={"addressing_style": "path" if options.endpoint else "auto"},
        ),
    )


def _measure(source: BinaryIO) -> tuple[bytes, int]:
    """Return digest and size of ``source`` from its beginning, and go back there."""
    source.seek(0)
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
    size = source.tell()
    source.seek(0)
    return digest.digest(), size


def _told_digest(answer: Any) -> str | None:
    """Return the digest the server knows: its own of the whole object, else the one told at the put."""
    own = answer.get("ChecksumSHA256", "")
    if own and "-" not in own:
        return base64.b64decode(own).hex()
    told = answer.get("Metadata", {}).get(_DIGEST)
    return told if isinstance(told, str) else None


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _store_error(error: Any, key: str, where: str) -> StoreError:
    code = _code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _NO_SUCH:
        return NoSuchObjectError(key, where)
    if code in _MISSPELT:
        return BadKeyError(key, f"the server answers {code}")
    if code in _BUSY or code in _RACING or status >= 500:
        return StoreUnavailableError(where, f"{code}, HTTP {status}")
    return StoreConfigurationError(where, f"the server answers {code}; check the store's URL, bucket and credentials")
