"""Backups in an S3 bucket, of Amazon or of anything that speaks its protocol (`STEWARD_BACKUP_S3_ENDPOINT`)."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from django.conf import settings
from django.utils.translation import gettext as _

from maintenance.backup.errors import NoSuchFile, TargetFailed, TargetFull
from maintenance.backup.sealing import Source
from maintenance.backup.targets import Stored

PART_BYTES = 8 << 20  # S3 takes at least 5 MiB, and at most 10,000 parts: from part 1,000 on they grow (to 5 TB).
GROW_EVERY = 1_000
ATTEMPTS = 5
ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})
NO_ROOM = frozenset({"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "507"})


@contextmanager
def _told(target: str, path: str = "") -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in ABSENT and path:
            raise NoSuchFile(
                _("%(file)s is not at the target %(target)s. Use another copy or an older backup.")
                % {"file": path, "target": target}
            ) from error
        kind = TargetFull if code in NO_ROOM else TargetFailed
        raise kind(
            _("%(target)s refused (%(why)s). Look at the bucket, its rights and the keys of STEWARD_BACKUP_S3_*.")
            % {"target": target, "why": code or "error"}
        ) from error
    except (BotoCoreError, HTTPClientError, OSError) as error:
        raise TargetFailed(
            _("%(target)s does not answer (%(why)s). Look at STEWARD_BACKUP_S3_ENDPOINT and the network.")
            % {"target": target, "why": type(error).__name__}
        ) from error


class Bucket:
    """A bucket and a prefix in it, that belongs to this installation alone."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client, self._bucket = client, bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self.name = f"s3://{bucket}/{prefix}".rstrip("/")

    @classmethod
    def named(cls, url: str) -> "Bucket":
        """The bucket of `s3://bucket/prefix`, with the endpoint and keys of the settings."""
        parts = urlsplit(url)
        client = boto3.client(
            "s3",
            endpoint_url=settings.STEWARD_BACKUP_S3_ENDPOINT or None,
            region_name=settings.STEWARD_BACKUP_S3_REGION or None,
            aws_access_key_id=settings.STEWARD_BACKUP_S3_KEY_ID or None,
            aws_secret_access_key=settings.STEWARD_BACKUP_S3_SECRET or None,
            config=Config(
                retries={"mode": "standard", "max_attempts": ATTEMPTS},
                connect_timeout=10,
                read_timeout=60,
                s3={"addressing_style": "path" if settings.STEWARD_BACKUP_S3_ENDPOINT else "auto"},
            ),
        )
        return cls(client, parts.netloc, parts.path.strip("/"))

    def writer(self, path: str) -> "BucketWriter":
        """Begin a file."""
        return BucketWriter(self._client, self._bucket, self._prefix + path, self.name)

    @contextmanager
    def reader(self, path: str) -> Iterator[Source]:
        """Open a file."""
        with _told(self.name, path):
            body = self._client.get_object(Bucket=self._bucket, Key=self._prefix + path)["Body"]
        try:
            yield _Body(body, self.name)
        finally:
            body.close()

    def size(self, path: str) -> int:
        """Bytes of a file."""
        with _told(self.name, path):
            return int(self._client.head_object(Bucket=self._bucket, Key=self._prefix + path)["ContentLength"])

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """Every object below the prefix, and uploads that were begun and never finished."""
        with _told(self.name):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            for page in pages:
                for item in page.get("Contents", ()):
                    yield Stored(item["Key"].removeprefix(self._prefix), int(item["Size"]))
            for upload in self._uploads(prefix):
                yield Stored(upload["Key"].removeprefix(self._prefix), 0, finished=False)

    def delete(self, backup_id: str) -> None:
        """Remove a backup, manifest first, and the parts of uploads that never ended."""
        with _told(self.name):
            self._client.delete_object(Bucket=self._bucket, Key=f"{self._prefix}{backup_id}/manifest.json")
            for upload in self._uploads(f"{backup_id}/"):
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"])
            for stored in list(self.list(f"{backup_id}/")):
                self._client.delete_object(Bucket=self._bucket, Key=self._prefix + stored.path)

    def free(self) -> int | None:
        """A bucket does not say."""
        return None

    def _uploads(self, prefix: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        for page in pages:
            yield from page.get("Uploads", ())


class BucketWriter:
    """A multipart upload; small files go in one request. An upload that is not completed is in no list of objects."""

    def __init__(self, client: Any, bucket: str, key: str, target: str) -> None:
        self._client, self._target = client, target
        self._object = {"Bucket": bucket, "Key": key}
        self._upload = ""
        self._parts: list[dict[str, Any]] = []
        self._buffer = bytearray()

    def write(self, data: bytes) -> None:
        """Append; a full part goes out at once."""
        self._buffer += data
        if len(self._buffer) >= PART_BYTES << min(len(self._parts) // GROW_EVERY, 9):
            with _told(self._target):
                self._send()

    def commit(self) -> None:
        """Complete the upload: from now on the object is there, whole."""
        with _told(self._target):
            if not self._upload:
                self._client.put_object(**self._object, Body=bytes(self._buffer))
                return
            if self._buffer:
                self._send()
            self._client.complete_multipart_upload(
                **self._object, UploadId=self._upload, MultipartUpload={"Parts": self._parts}
            )

    def abort(self) -> None:
        """Leave no parts. If even that fails, the next backup's sweep finds them."""
        if self._upload:
            with suppress(BotoCoreError, ClientError, OSError):
                self._client.abort_multipart_upload(**self._object, UploadId=self._upload)

    def _send(self) -> None:
        if not self._upload:
            self._upload = self._client.create_multipart_upload(**self._object)["UploadId"]
        number = len(self._parts) + 1
        reply = self._client.upload_part(
            **self._object, UploadId=self._upload, PartNumber=number, Body=bytes(self._buffer)
        )
        self._parts.append({"ETag": reply["ETag"], "PartNumber": number})
        self._buffer.clear()


class _Body:
    def __init__(self, body: Any, target: str) -> None:
        self._body, self._target = body, target

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        with _told(self._target):
            return bytes(self._body.read(size))
