"""Personal data in the trail: sealed under a key of the person, readable while that key exists.

A row of the trail can never be changed, so what names a person is ciphertext from the first day, and erasure is the
destruction of the person's key.
"""

import os
import time
from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, transaction

from audit.canonical import encoded
from audit.models import PersonalKey
from portal.kit import clock, crypto

PURPOSE = "audit.personal"
CACHE_SECONDS = 60  # Another process may go on reading an erased person for so long.
CACHE_LIMIT = 10_000  # Keys; some 2 MB.
_KEY_BYTES = 32
_cache: dict[UUID, tuple[float, AESGCM]] = {}


@dataclass(frozen=True, slots=True)
class Reading:
    """What can still be read of one event: the parts merged, and the persons whose part is erased or was altered."""

    values: Mapping[str, Any] = field(default_factory=dict)
    erased: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()


def seal(event_id: UUID, parts: Mapping[UUID, Mapping[str, Any]], keys: Mapping[UUID, AESGCM]) -> dict[str, str]:
    """Encrypt each person's part of one event: {person id: base64}. Bound to the event, so parts cannot be swapped."""
    size = crypto.NONCE_BYTES
    random = os.urandom(size * len(parts))
    sealed = {}
    for number, (subject, part) in enumerate(parts.items()):
        nonce = random[number * size : number * size + size]
        text = keys[subject].encrypt(nonce, encoded(part).encode(), event_id.bytes)
        sealed[str(subject)] = b2a_base64(nonce + text, newline=False).decode("ascii")
    return sealed


def read(events: Iterable[tuple[UUID, Mapping[str, str]]]) -> dict[UUID, Reading]:
    """What may still be read of many events, by event id; one query at most, whatever the number."""
    rows = list(events)
    keys, broken = _readable_keys({subject for _, personal in rows for subject in personal})
    return {event_id: _opened(event_id, personal, keys, broken) for event_id, personal in rows}


def keys_for(subjects: AbstractSet[UUID]) -> dict[UUID, AESGCM]:
    """The keys to seal under, made for persons whom the trail names for the first time.

    No query when all are known to this process, one when they exist, one more when any is new.
    """
    keys = _known(subjects)
    if len(keys) < len(subjects):
        keys |= _load(subjects - keys.keys())
    if len(keys) < len(subjects):
        keys |= _make(subjects - keys.keys())
    return keys


def _make(subjects: AbstractSet[UUID]) -> dict[UUID, AESGCM]:
    ordered = sorted(subjects)  # Two transactions that make the same keys in one order cannot deadlock.
    plain = {subject: AESGCM.generate_key(_KEY_BYTES * 8) for subject in ordered}
    sealed = [crypto.seal(PURPOSE, plain[subject], bound_to=subject.bytes) for subject in ordered]
    with connection.cursor() as cursor:
        # Two transactions that name a new person at once: the second waits here for the first and then reads its key.
        cursor.execute(
            "INSERT INTO audit_personal_key (subject_id, key_id, sealed, created_at) "
            "SELECT subject, key_id, sealed, %s "
            "FROM unnest(%s::uuid[], %s::text[], %s::bytea[]) AS row (subject, key_id, sealed) "
            "ON CONFLICT (subject_id) DO NOTHING RETURNING subject_id",
            [clock.now(), ordered, [key_id for key_id, _ in sealed], [blob for _, blob in sealed]],
        )
        ours = {subject: AESGCM(plain[subject]) for (subject,) in cursor.fetchall()}
    _remember_after_commit(ours)
    theirs = _load(subjects - ours.keys()) if len(ours) < len(subjects) else {}
    # An erased person acts again: its key stays destroyed, and what is written now is unreadable at once.
    throwaway = {subject: AESGCM(os.urandom(_KEY_BYTES)) for subject in subjects - ours.keys() - theirs.keys()}
    return ours | theirs | throwaway


def _known(subjects: AbstractSet[UUID]) -> dict[UUID, AESGCM]:
    now = time.monotonic()
    return {subject: hit[1] for subject in subjects if (hit := _cache.get(subject)) is not None and hit[0] > now}


def _load(subjects: AbstractSet[UUID]) -> dict[UUID, AESGCM]:
    """Keys from the database; raises `CannotDecrypt` when the installation's key to one is missing."""
    fresh = {row.subject_id: _unsealed(row) for row in _rows(subjects)}
    _remember_after_commit(fresh)
    return fresh


def _rows(subjects: AbstractSet[UUID]) -> list[PersonalKey]:
    return list(PersonalKey.objects.filter(subject_id__in=subjects, sealed__isnull=False)) if subjects else []


def _unsealed(row: PersonalKey) -> AESGCM:
    return AESGCM(crypto.unseal(PURPOSE, row.key_id, bytes(row.sealed or b""), bound_to=row.subject_id.bytes))


def _readable_keys(written: set[str]) -> tuple[dict[str, AESGCM], set[str]]:
    """The keys by the subject as written in the rows, and the subjects that are there but cannot be used.

    A reader must see the rest of the page even when one key row or one row of the trail was tampered with.
    """
    subjects: dict[UUID, str] = {}
    broken: set[str] = set()
    for text in written:
        try:
            subjects[UUID(text)] = text
        except ValueError:
            broken.add(text)
    keys = _known(set(subjects))
    fresh: dict[UUID, AESGCM] = {}
    for row in _rows(subjects.keys() - keys.keys()):
        try:
            fresh[row.subject_id] = _unsealed(row)
        except crypto.CannotDecrypt:
            broken.add(subjects[row.subject_id])
    _remember_after_commit(fresh)
    return {subjects[subject]: key for subject, key in (keys | fresh).items()}, broken


def _opened(event_id: UUID, personal: Mapping[str, str], keys: Mapping[str, AESGCM], broken: set[str]) -> Reading:
    values: dict[str, Any] = {}
    erased: set[str] = set()
    unreadable: set[str] = set()
    for subject, written in personal.items():
        cipher = keys.get(subject)
        if cipher is None:
            (unreadable if subject in broken else erased).add(subject)
            continue
        try:
            blob = a2b_base64(written, strict_mode=True)
            text = cipher.decrypt(blob[: crypto.NONCE_BYTES], blob[crypto.NONCE_BYTES :], event_id.bytes)
        except (InvalidTag, NotBase64, ValueError):
            unreadable.add(subject)  # Told as such: an altered ciphertext must not look like an erased one.
        else:
            values |= orjson.loads(text)
    return Reading(values, frozenset(erased), frozenset(unreadable))


def _remember_after_commit(keys: Mapping[UUID, AESGCM]) -> None:
    # Only after commit: a key whose row was rolled back would encrypt events that nobody can ever read.
    if keys:
        transaction.on_commit(lambda: _remember(keys))


def _remember(keys: Mapping[UUID, AESGCM]) -> None:
    if len(_cache) > CACHE_LIMIT:
        _cache.clear()
    until = time.monotonic() + CACHE_SECONDS
    _cache.update({subject: (until, key) for subject, key in keys.items()})


def forget_everything() -> None:
    """Drop the keys this process remembers: after an erasure, a restore or a move to another database."""
    _cache.clear()
