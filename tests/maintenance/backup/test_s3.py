"""Backups in a bucket, against a real server on a socket: whole or not at all, and no parts are ever left."""

import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from maintenance.backup import s3, sweep, targets, verify
from maintenance.backup.errors import NoSuchFile, TargetFailed
from maintenance.backup.s3 import PART_BYTES, Bucket
from maintenance.models import Backup
from portal.kit import clock, ids
from tests.maintenance.backup.conftest import Make

NAME = "s3://backups/steward/one"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 server of this module's own."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def client(server: str) -> Any:
    """An empty bucket, seen from outside."""
    found = boto3.client(
        "s3", endpoint_url=server, region_name="us-east-1", aws_access_key_id="id", aws_secret_access_key="secret"
    )
    found.create_bucket(Bucket="backups")
    for item in found.list_objects_v2(Bucket="backups").get("Contents", ()):
        found.delete_object(Bucket="backups", Key=item["Key"])
    for upload in found.list_multipart_uploads(Bucket="backups").get("Uploads", ()):
        found.abort_multipart_upload(Bucket="backups", Key=upload["Key"], UploadId=upload["UploadId"])
    return found


@pytest.fixture
def bucket(server: str, client: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """The target as the settings name it."""
    settings.STEWARD_BACKUP_TARGETS = [NAME]
    settings.STEWARD_BACKUP_S3_ENDPOINT = server
    settings.STEWARD_BACKUP_S3_REGION = "us-east-1"
    settings.STEWARD_BACKUP_S3_KEY_ID, settings.STEWARD_BACKUP_S3_SECRET = "id", "secret"
    monkeypatch.setattr(s3, "ATTEMPTS", 2)  # A server that only fails is asked twice, not five times.
    (target,) = targets.targets()
    assert isinstance(target, Bucket)
    return target


def uploads(client: Any) -> list[str]:
    return [upload["Key"] for upload in client.list_multipart_uploads(Bucket="backups").get("Uploads", ())]


def objects(client: Any) -> list[str]:
    return [item["Key"] for item in client.list_objects_v2(Bucket="backups").get("Contents", ())]


def store(target: Bucket, path: str, pieces: list[bytes]) -> None:
    writer = target.writer(path)
    for piece in pieces:
        writer.write(piece)
    writer.commit()


def fetched(target: Bucket, path: str) -> bytes:
    with target.reader(path) as source:
        return b"".join(iter(lambda: source.read(1 << 20), b""))


@pytest.mark.parametrize("size", [0, 10, PART_BYTES, 2 * PART_BYTES + 5])
def test_a_file_comes_back_as_it_went(bucket: Bucket, client: Any, size: int) -> None:
    data = os.urandom(size)
    store(bucket, "0/a", [data[start : start + 700_000] for start in range(0, size, 700_000)])
    assert fetched(bucket, "0/a") == data
    assert bucket.size("0/a") == size
    assert objects(client) == ["steward/one/0/a"]
    assert uploads(client) == []


def test_a_file_that_is_not_finished_is_in_no_list_of_objects(bucket: Bucket, client: Any) -> None:
    writer = bucket.writer("0/a")
    writer.write(os.urandom(PART_BYTES))
    assert objects(client) == []
    assert [stored.finished for stored in bucket.list()] == [False]
    writer.abort()
    assert uploads(client) == []


def test_a_backup_in_a_bucket_is_made_read_and_deleted(bucket: Bucket, client: Any, make: Make, settings: Any) -> None:
    settings.STEWARD_BACKUP_TARGETS = [NAME]
    made = make()
    assert (made.state, made.targets) == (Backup.State.COMPLETE, [NAME])
    assert verify.verify(bucket, str(made.pk))[1].good
    bucket.delete(str(made.pk))
    assert objects(client) == []


def test_an_upload_that_breaks_off_leaves_no_parts_and_an_older_backup_stays(
    bucket: Bucket, client: Any, make: Make, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STEWARD_BACKUP_TARGETS = [NAME]
    older = make()
    before = sorted(objects(client))
    monkeypatch.setattr(s3, "PART_BYTES", 1)  # Every write is a part; the server is asked for each.
    _fail_after(monkeypatch, 3)
    with pytest.raises(TargetFailed, match="s3://backups/steward/one"):
        make()
    assert sorted(objects(client)) == before
    assert uploads(client) == []
    assert Backup.objects.get(pk=older.pk).state == Backup.State.COMPLETE


def _fail_after(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The server answers 500 to each part after so many."""
    sent = s3.BucketWriter._send
    parts = [0]

    def send(self: s3.BucketWriter) -> None:
        parts[0] += 1
        if parts[0] > number:
            raise ClientError({"Error": {"Code": "500"}}, "UploadPart")
        sent(self)

    monkeypatch.setattr(s3.BucketWriter, "_send", send)


def test_parts_of_a_killed_backup_are_swept(bucket: Bucket, client: Any) -> None:
    killed, other, young = (ids.uuid7() for _ in range(3))
    for backup_id in (killed, other, young):
        bucket.writer(f"{backup_id}/data-01.dump").write(os.urandom(PART_BYTES))
    store(bucket, f"{other}/manifest.json", [b"{}"])
    assert sweep.sweep(bucket, dead={killed}) == [str(killed)]
    assert sorted(key.split("/")[2] for key in uploads(client)) == sorted([str(other), str(young)])
    assert sweep.sweep(bucket, dead=set(), now=clock.now() + 2 * sweep.PATIENCE) == [str(young)]
    assert [key.split("/")[2] for key in uploads(client)] == [str(other)]


def test_a_missing_file_a_missing_bucket_and_a_dead_endpoint_are_told_apart(
    bucket: Bucket, server: str, settings: Any
) -> None:
    with pytest.raises(NoSuchFile, match="0/a is not at the target"):
        fetched(bucket, "0/a")
    with pytest.raises(TargetFailed, match="NoSuchBucket"):
        list(Bucket.named("s3://nothing/here").list())
    settings.STEWARD_BACKUP_S3_ENDPOINT = "http://127.0.0.1:1"
    with pytest.raises(TargetFailed, match="STEWARD_BACKUP_S3_ENDPOINT"):
        store(Bucket.named(NAME), "0/a", [b"x"])


def test_one_prefix_does_not_see_the_files_of_another(bucket: Bucket, client: Any) -> None:
    other = Bucket.named("s3://backups/steward/two")
    store(other, "0/a", [b"x"])
    assert list(bucket.list()) == []
    assert [stored.path for stored in other.list()] == ["0/a"]
    bucket.delete("0")
    assert objects(client) == ["steward/two/0/a"]


def test_the_name_of_a_target_holds_no_secret(bucket: Bucket) -> None:
    assert bucket.name == NAME
    assert bucket.free() is None
