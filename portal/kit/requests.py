"""Idempotency-Key: an unsafe call that is sent again, because its reply was lost, is answered and not done again.

What is kept is written in the transaction of the change itself, so neither can be there without the other: after a
crash the call was done and is replayed, or was not and is done. A call that was refused has changed nothing and is not
kept; it may be corrected and sent under the same key. Every reply is sealed, since some hold a temporary password and
a list of those that do would one day miss one; and just there a lost reply must be had again. What lasts longer than a
temporary password, the secret of an API key, is not kept even so: `without` puts a reply beside it that lacks it.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import blake2b
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from portal.kit import clock, crypto, errors, identity
from portal.kit.models import KeptRequest
from portal.kit.services import writing

KEEP = timedelta(hours=24)
HEADERS = ("Content-Type", "Location", "ETag")  # What of a reply's headers belongs to its content.
PURPOSE = "kept-request"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class KeyMalformed(errors.BadRequest):
    """An Idempotency-Key that cannot be one."""

    code = "kit.idempotency_key_malformed"
    title = _("This Idempotency-Key cannot be used")
    default_detail = _("Send 1 to 200 visible ASCII characters, best a random UUID for each call.")


class IdempotencyConflict(errors.StewardError):
    """The same key with another call."""

    code = "kit.idempotency_conflict"
    status = 422
    title = _("This Idempotency-Key belongs to another call")
    default_detail = _("Send a new key with each new call. Nothing was changed.")


class InProgress(errors.Conflict):
    """The same call is being done at this moment."""

    code = "kit.idempotency_in_progress"
    title = _("The same call is being done already")
    default_detail = _("Wait a second and send it again with the same key; you will get its reply.")


def once(request: HttpRequest, call: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The reply of `call`, done now, or kept from its first time (`Idempotency-Replayed: true`).

    Without the header, or without anybody to keep it for, just `call`. Raises `KeyMalformed`, `IdempotencyConflict`
    for another method, address, organisation or body under the same key, `InProgress` for one that is not finished.
    """
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    who = identity.of(request)
    if key is None or who is None or who.actor.id is None:
        return call()
    if not _KEY.fullmatch(key):
        raise KeyMalformed
    actor_id = who.actor.id
    fingerprint = _fingerprint(request)
    if not _taken_alone(actor_id, key):
        # A second thread of the server must not be held up by who sends the same thing twice.
        raise InProgress
    kept = KeptRequest.objects.filter(actor_id=actor_id, key=key).first()
    if kept is not None and kept.created_at > clock.now() - KEEP:
        if bytes(kept.fingerprint) != fingerprint:
            raise IdempotencyConflict
        return _replayed(kept)
    reply = call()
    if isinstance(reply, HttpResponse) and reply.status_code < 400:
        request_keep(actor_id=actor_id, key=key, fingerprint=fingerprint, reply=reply, former=kept)
    return reply


def without(reply: HttpResponse, kept: bytes) -> HttpResponse:
    """`reply`, of which `kept` is what a repeated call gets: the same without its secret, which is shown once."""
    reply.kept_content = kept  # type: ignore[attr-defined]
    return reply


def request_keep(
    *, actor_id: UUID, key: str, fingerprint: bytes, reply: HttpResponse, former: KeptRequest | None
) -> None:
    """Keep a reply for who sends the call again; `former` is an outdated one under the same key."""
    key_id, sealed = crypto.seal(PURPOSE, getattr(reply, "kept_content", reply.content), bound_to=_bound(actor_id, key))
    with writing():
        if former is not None:
            former.delete()
        KeptRequest.objects.create(
            actor_id=actor_id,
            key=key,
            fingerprint=fingerprint,
            status=reply.status_code,
            headers={name: reply.headers[name] for name in HEADERS if name in reply.headers},
            key_id=key_id,
            sealed=sealed,
        )


def _replayed(kept: KeptRequest) -> HttpResponse:
    content = crypto.unseal(PURPOSE, kept.key_id, bytes(kept.sealed), bound_to=_bound(kept.actor_id, kept.key))
    reply = HttpResponse(content, status=kept.status, headers=kept.headers)
    reply.headers["Idempotency-Replayed"] = "true"
    return reply


def _bound(actor_id: UUID, key: str) -> bytes:
    return f"{actor_id} {key}".encode()


def _fingerprint(request: HttpRequest) -> bytes:
    parts = (request.method or "", request.get_full_path(), request.META.get("HTTP_STEWARD_ORGANISATION", ""))
    found = blake2b(digest_size=32)
    for part in (*(text.encode() for text in parts), request.body):
        found.update(len(part).to_bytes(8) + part)
    return found.digest()


def _taken_alone(actor_id: UUID, key: str) -> bool:
    """Whether no other open transaction is at this call; ours is then, until it ends."""
    number = int.from_bytes(blake2b(_bound(actor_id, key), digest_size=8).digest(), signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])
