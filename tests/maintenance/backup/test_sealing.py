"""The stored format: what comes back, and that no change of a byte goes unnoticed or unplaced."""

import io
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from maintenance.backup import keys, sealing
from maintenance.backup.errors import Damaged, ForeignFile, UnknownKey, UnknownVersion
from maintenance.backup.keys import BackupKey
from maintenance.backup.sealing import BLOCK, TAG, Opener, Sealer

NAME = "0/data-01.dump"
SIZES = (0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7)
Sealed = Callable[[bytes], bytes]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> BackupKey:
    made = BackupKey("k1", os.urandom(32))
    monkeypatch.setattr(keys, "all_keys", lambda: {"k1": made})
    return made


def seal(key: BackupKey, plain: bytes, *, name: str = NAME, piece: int = 300_000) -> bytes:
    stored = bytearray()
    sealer = Sealer(stored.extend, key=key, name=name)
    for start in range(0, len(plain), piece):
        sealer.write(plain[start : start + piece])
    sealer.close()
    assert sealer.plain_bytes == len(plain)
    return bytes(stored)


def opened(stored: bytes, *, name: str = NAME) -> bytes:
    return b"".join(Opener(io.BytesIO(stored), name=name).plain())


def noise(size: int) -> bytes:
    """Bytes that no compression makes smaller, so that a size is a number of blocks."""
    return random.Random(size).randbytes(size)  # noqa: S311 - noise, not a secret


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_comes_back(key: BackupKey, size: int) -> None:
    assert opened(seal(key, noise(size))) == noise(size)


def test_a_flood_of_zeros_come_back_in_small_pieces(key: BackupKey) -> None:
    stored = bytearray()
    sealer = Sealer(stored.extend, key=key, name=NAME)
    for _ in range(256):
        sealer.write(bytes(BLOCK))
    sealer.close()
    assert len(stored) < BLOCK
    sizes = [len(piece) for piece in Opener(io.BytesIO(bytes(stored)), name=NAME).plain()]
    assert sum(sizes) == 256 * BLOCK
    assert max(sizes) <= BLOCK


def test_two_files_of_the_same_content_share_no_block(key: BackupKey) -> None:
    first, second = seal(key, noise(BLOCK)), seal(key, noise(BLOCK))
    length = len(sealing.header("k1", NAME, bytes(32)))
    assert first[length + 4 : length + 40] != second[length + 4 : length + 40]


def places(stored: bytes) -> Iterator[int]:
    """Every byte of the header and of the first block's head, and some of the rest."""
    yield from range(120)
    yield from random.Random(1).sample(range(120, len(stored)), 40)  # noqa: S311 - places, not secrets
    yield len(stored) - 1


def test_one_flipped_byte_is_found_wherever_it_is(key: BackupKey) -> None:
    stored = seal(key, noise(BLOCK + 5))
    for place in places(stored):
        altered = bytearray(stored)
        altered[place] ^= 1
        with pytest.raises((Damaged, ForeignFile, UnknownVersion, UnknownKey)) as found:
            opened(bytes(altered))
        if isinstance(found.value, Damaged):
            assert found.value.file == NAME
            # The place is the block in which it lies, or its header.
            assert found.value.offset <= place + BLOCK + TAG + 4


def test_the_place_of_a_flipped_byte_is_the_block_it_lies_in(key: BackupKey) -> None:
    stored = bytearray(seal(key, noise(4 * BLOCK)))
    head = len(sealing.header("k1", NAME, bytes(32)))
    third = head + 2 * (4 + BLOCK + TAG)
    stored[third + 700_000] ^= 0x40
    with pytest.raises(Damaged, match=f"0/data-01.dump is damaged at byte {third}: block 2"):
        opened(bytes(stored))


def test_a_file_cut_anywhere_is_noticed_and_its_end_is_named(key: BackupKey) -> None:
    stored = seal(key, noise(3 * BLOCK))
    head = len(sealing.header("k1", NAME, bytes(32)))
    border = head + 4 + BLOCK + TAG  # Where a whole block ends: nothing of what is left is altered.
    for length in (len(stored) - 1, len(stored) // 2, border, border + 2, head, head - 1, 9, 8):
        with pytest.raises(Damaged, match="cut off") as found:
            opened(stored[:length])
        assert found.value.offset == length


def test_blocks_cannot_change_places_or_end_the_file_early(key: BackupKey) -> None:
    stored = seal(key, noise(3 * BLOCK))
    head, size = len(sealing.header("k1", NAME, bytes(32))), 4 + BLOCK + TAG
    first, second, rest = stored[head : head + size], stored[head + size : head + 2 * size], stored[head + 2 * size :]
    with pytest.raises(Damaged, match="block 0"):
        opened(stored[:head] + second + first + rest)
    # The first block marked as the last one, and nothing after it.
    ended = bytes([first[0] | 0x80]) + first[1:]
    with pytest.raises(Damaged, match="block 0"):
        opened(stored[:head] + ended)


def test_bytes_after_the_end_are_noticed(key: BackupKey) -> None:
    stored = seal(key, b"all of it")
    with pytest.raises(Damaged, match="after its end") as found:
        opened(stored + b"!")
    assert found.value.offset == len(stored)


@pytest.mark.parametrize("foreign", [b"", b"PGDMP" + bytes(500), b"STWDBAC" + b"X" * 100, b"\x28\xb5\x2f\xfd" * 20])
def test_a_file_that_is_none_of_ours_is_told_apart_from_a_damaged_one(foreign: bytes) -> None:
    with pytest.raises((ForeignFile, Damaged)) as found:
        opened(foreign)
    assert isinstance(found.value, ForeignFile) == bool(foreign)


def test_a_newer_format_is_named(key: BackupKey) -> None:
    stored = bytearray(seal(key, b"x"))
    stored[8] = 9
    with pytest.raises(UnknownVersion, match=r"format 9.*format 1"):
        opened(bytes(stored))


def test_a_lost_key_is_named_with_the_setting_that_wants_it(key: BackupKey, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = seal(key, b"x")
    monkeypatch.setattr(keys, "all_keys", lambda: {"k2": BackupKey("k2", os.urandom(32))})
    with pytest.raises(UnknownKey, match=r"“k1”.*STEWARD_BACKUP_KEYS") as found:
        opened(stored)
    assert found.value.key_id == "k1"


def test_another_key_under_the_same_id_reads_nothing(key: BackupKey, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = seal(key, b"x")
    monkeypatch.setattr(keys, "all_keys", lambda: {"k1": BackupKey("k1", os.urandom(32))})
    with pytest.raises(Damaged, match="the key is another one"):
        opened(stored)


def test_a_file_of_another_name_is_refused(key: BackupKey) -> None:
    with pytest.raises(Damaged, match=r"written under the name 1/data-01\.dump"):
        opened(seal(key, b"x", name="1/data-01.dump"))


def test_the_first_key_encrypts_and_all_of_them_decrypt(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    old, new = (os.urandom(32) for _ in range(2))
    written = [f"{name}:{sealing_text(value)}" for name, value in (("new", new), ("old", old))]
    settings.STEWARD_BACKUP_KEYS = written[1]
    stored = seal(keys.active(), b"made long ago")
    settings.STEWARD_BACKUP_KEYS = ",".join(written)
    assert keys.active().id == "new"
    assert opened(stored) == b"made long ago"
    settings.STEWARD_BACKUP_KEYS = "old"
    with pytest.raises(ImproperlyConfigured, match="STEWARD_BACKUP_KEYS is malformed"):
        keys.active()


def sealing_text(value: bytes) -> str:
    from base64 import b64encode

    return b64encode(value).decode()
