"""Holds: money that is set aside first and moves later, in full or in part, or not at all."""

from datetime import UTC, datetime
from uuid import UUID

import orjson
from django.db import connection

from billing.errors.ledger import BooksMixed, LineInvalid
from billing.ledger.chart import AccountRef
from billing.ledger.faults import refusals
from billing.ledger.posting import Posted, account_sent, check_amount, check_door
from portal.kit import clock
from portal.kit.ids import uuid7


def hold_place(
    *,
    key: str,
    debit: AccountRef,
    credit: AccountRef,
    amount: int,
    expires_at: datetime | None = None,
    description: str = "",
    document_kind: str = "",
    document_id: UUID | None = None,
    customer_id: UUID | None = None,
) -> UUID:
    """Set `amount` (minor units, above 0) aside for a movement from `credit` to `debit`; both count it against their
    limits at once, in one stripe. The id of the hold; the same key with the same content is the same hold.

    `KeyConflict`, `Overdrawn`, `LineInvalid`, `BooksMixed`.
    """
    check_door()
    check_amount(amount)
    if amount <= 0 or debit.currency != credit.currency:
        raise LineInvalid
    if debit.sandbox != credit.sandbox:
        raise BooksMixed
    sent = {
        "id": uuid7(),
        "key": key,
        "recorded_at": clock.now(),
        "body": {
            "debit": debit.path,
            "credit": credit.path,
            "currency": debit.currency,
            "amount": amount,
            "expires_at": None if expires_at is None else expires_at.astimezone(UTC),
            "description": description[:200],
            "document_kind": document_kind,
            "document": document_id,
            "customer": customer_id,
        },
    }
    with refusals(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT billing_ledger_hold(%s::jsonb, %s::jsonb)",
            [orjson.dumps(sent).decode(), orjson.dumps([account_sent(debit), account_sent(credit)]).decode()],
        )
        found: UUID = cursor.fetchone()[0]
    return found


def hold_post(hold_id: UUID, *, event_at: datetime, amount: int | None = None, kind: str = "hold") -> Posted:
    """Move what is held, or only `amount` of it; the rest is free again. Its journal has the key "hold:<id>".

    `HoldUnknown`, `HoldEnded` (also past its `expires_at`, counted by `event_at`), `HoldExceeded`, `PeriodClosed`.
    """
    check_door()
    if amount is not None:
        check_amount(amount)
    journal = uuid7()
    with refusals(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT billing_ledger_hold_post(%s, %s, %s, %s, %s, %s)",
            [hold_id, journal, event_at, clock.now(), amount, kind],
        )
    return Posted(journal, created=True)


def hold_void(hold_id: UUID) -> None:
    """Free what is held; nothing moves. `HoldUnknown`, `HoldEnded`."""
    check_door()
    with refusals(), connection.cursor() as cursor:
        cursor.execute("SELECT billing_ledger_hold_void(%s, %s)", [hold_id, clock.now()])


def hold_expire_due(now: datetime, limit: int = 500) -> int:
    """Free holds whose time has passed by `now`, at most `limit`; how many. Those that somebody ends just now are left."""
    check_door()
    with connection.cursor() as cursor:
        cursor.execute("SELECT billing_ledger_hold_expire(%s, %s, %s)", [now, clock.now(), limit])
        count: int = cursor.fetchone()[0]
    return count
