"""Events that leave by HTTP: which of them do, under what names, and how they are signed.

A room declares types of its own in its `events.py`; each stands for one event of the trail. When that is recorded, the
deliveries are written in the same transaction (the room that keeps the endpoints fills `deliveries_write`).
The signature is that of Standard Webhooks (https://www.standardwebhooks.com), which receivers have libraries for.
"""

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from portal.kit.ports import port
from portal.kit.registry import Registry, Text

SECRET_PREFIX = "whsec_"  # noqa: S105 - how a secret begins, not one
SECRET_BYTES = 32
HIDDEN = "•••"  # As the trail writes what it does not show.


@dataclass(frozen=True)
class WebhookType:
    """A type of events that organisations can have sent: its name, and the event of the trail that it stands for.

    What is sent names the object, and holds what the trail shows in clear of the change: nothing personal, no secret.
    `money` are its numbers that are minor units: they leave with their currency, which the event has as `currency`.
    """

    name: str
    event: str
    label: Text
    money: tuple[str, ...] = ()


webhook_types: Registry[WebhookType] = Registry("Webhook type", lambda item: item.name)
_by_event: dict[str, WebhookType] = {}


def declare(name: str, event: str, label: Text, *, money: tuple[str, ...] = ()) -> WebhookType:
    """Declare a type; several events may not share one name, nor an event two."""
    made = webhook_types.add(WebhookType(name, event, label, money))
    if event in _by_event:
        raise ValueError(f"The event {event} leaves as {_by_event[event].name} already.")
    _by_event[event] = made
    return made


@port
def deliveries_write(*, organisation_id: UUID, kind: str, message_id: UUID, body: str) -> int:
    """Write a delivery for each endpoint of the organisation that wants events of the type `kind`; how many."""
    raise NotImplementedError


def emit(code: str, row: Mapping[str, Any]) -> int:
    """Have an event of the trail sent to whom wants it; called by the room of the trail with the row that it appends, in
    its transaction. How many deliveries."""
    found = _by_event.get(code)
    organisation_id = row.get("organisation_id")
    if found is None or organisation_id is None or row.get("outcome") != "ok":
        return 0
    return deliveries_write(
        organisation_id=organisation_id, kind=found.name, message_id=row["id"], body=body_of(found, row)
    )


def body_of(kind: WebhookType, row: Mapping[str, Any]) -> str:
    """What is sent of an event: type, moment, and the object with the changes that are shown in clear."""
    moment: datetime = row["occurred_at"]
    changes = {name: pair[1] for name, pair in dict(row.get("changes") or {}).items() if pair[1] != HIDDEN}
    facts = dict(row.get("data") or {})
    currency = facts.get("currency") or changes.get("currency")
    target = str(row.get("target_type") or "").rpartition(".")[2]
    return written(
        kind.name,
        moment,
        {
            "organisation_id": str(row["organisation_id"]),
            "object": target or None,
            "id": str(row["target_id"]) if row.get("target_id") else None,
            "changes": _with_money(changes, kind.money, currency),
            "facts": _with_money(facts, kind.money, currency),
        },
    )


def _with_money(values: Mapping[str, Any], money: tuple[str, ...], currency: str | None) -> dict[str, Any]:
    """`values`, in which amounts are money as in the API; one whose currency is not known is left out, never bare."""
    shaped = {name: {"amount": values[name], "currency": currency} for name in money if name in values and currency}
    return {name: shaped.get(name, value) for name, value in values.items() if name not in money or name in shaped}


def written(kind: str, moment: datetime, data: Mapping[str, Any]) -> str:
    """The body of a message, as Standard Webhooks has it."""
    stamp = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": stamp, "data": data}, default=str, separators=(",", ":"))


def signed_headers(secrets: Sequence[bytes], message_id: UUID, moment: datetime, body: bytes) -> dict[str, str]:
    """The headers of a message under each of the secrets: after a rotation, both prove it for a while."""
    stamp = str(int(moment.timestamp()))
    return {
        "webhook-id": str(message_id),
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signature(secret, str(message_id), stamp, body) for secret in secrets),
    }


def signature(secret: bytes, message_id: str, stamp: str, body: bytes) -> str:
    """`v1,` and the base64 of the HMAC-SHA-256 of id, time and body."""
    message = f"{message_id}.{stamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(secret, message, 'sha256')).decode()}"


def shown_secret(secret: bytes) -> str:
    """A secret as people copy it."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()
