"""Posting journals: one statement for one or for many, at once or not at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from billing.errors.ledger import BooksMixed, JournalUnknown, LineInvalid, Unbalanced
from billing.ledger.chart import AccountRef
from billing.ledger.faults import refusals
from billing.models.ledger import Entry, Journal
from portal.kit import clock
from portal.kit.ids import uuid7
from portal.kit.money import MOST
from portal.kit.postgres.base import Statement, ours
from portal.kit.services import UnguardedWrite, in_writing

LINES = 10_000  # Of one call: what takes a second and some megabytes.
FEW = 20  # Lines of one journal that are posted one by one; from about here on a plan for many is cheaper.
_ONE = Statement("SELECT journal || ' ' || made FROM billing_ledger_post_one($1::jsonb, $2::integer[], $3::jsonb)")


@dataclass(frozen=True, slots=True)
class Line:
    """An amount on an account: debit above 0, credit below, in minor units. `reference`: what it is about, by which open
    items are told apart (a payment's id, a document's number)."""

    account: AccountRef
    amount: int
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """A journal to be. `key` makes it happen once; `event_at` (aware) is when it happened, by the customer's time.

    `document_kind` and `document_id` name the row it belongs to, such as "invoice" and its id.
    """

    key: str
    event_at: datetime
    kind: str
    description: str
    lines: Sequence[Line] = field(default_factory=tuple)
    document_kind: str = ""
    document_id: UUID | None = None
    customer_id: UUID | None = None
    reverses: UUID | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """The journal of a key; `created` is False when it was there already, with the same content."""

    journal_id: UUID
    created: bool


def post(posting: Posting) -> Posted:
    """Post one journal. Inside `writing()`; opens accounts on first use. Lines of 0 are left out.

    `Unbalanced`, `LineInvalid`, `BooksMixed`, `KeyConflict`, `Overdrawn`, `PeriodClosed`, `ReversedAlready`.
    """
    check_door()
    accounts: dict[tuple[str, str], dict[str, Any]] = {}
    sent = _sent(posting, accounts)
    turns = _turns(sent["body"]["lines"])
    if turns is None:
        return _posted([sent], accounts)[posting.key]
    with refusals():
        found = ours().write(_ONE, [_text(sent), turns, _text(list(accounts.values()))]) or ""
    journal, made = found.split()
    return Posted(UUID(journal), made == "true")


def post_many(postings: Sequence[Posting]) -> list[Posted]:
    """Post journals in one round trip, all or none; answers in their order. Errors as `post`."""
    if not postings:
        return []
    if len(postings) == 1:
        return [post(postings[0])]
    check_door()
    accounts: dict[tuple[str, str], dict[str, Any]] = {}
    posted = _posted([_sent(posting, accounts) for posting in postings], accounts)
    return [posted[posting.key] for posting in postings]


def reverse(journal_id: UUID, *, key: str, event_at: datetime, description: str = "") -> Posted:
    """Post the journal that takes back another, entry by entry, linked to it; once. Errors as `post`, and
    `JournalUnknown`, `ReversedAlready`."""
    found = Journal.objects.filter(pk=journal_id).first()
    if found is None:
        raise JournalUnknown
    lines = [
        Line(AccountRef(path, currency), -amount, reference)
        for path, currency, amount, reference in Entry.objects.filter(journal=found)
        .order_by("position")
        .values_list("account__path", "account__currency", "amount", "reference")
    ]
    return post(
        Posting(
            key=key,
            event_at=event_at,
            kind="reversal",
            description=description or str(found),
            lines=lines,
            document_kind=found.document_kind,
            document_id=found.document_id,
            customer_id=found.customer_id,
            reverses=found.pk,
        )
    )


def _posted(sent: Sequence[dict[str, Any]], accounts: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Posted]:
    with refusals(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, journal, made FROM billing_ledger_post(%s::jsonb, %s::jsonb)",
            [_text(sent), _text(list(accounts.values()))],
        )
        return {key: Posted(journal, made) for key, journal, made in cursor.fetchall()}


def _turns(lines: Sequence[dict[str, Any]]) -> str | None:
    """The lines in the order of their paths, as the database locks them; None for a journal that it posts in general."""
    if (
        len(lines) > FEW
        or len({line["path"] for line in lines}) < len(lines)
        or len({line["currency"] for line in lines}) > 1
    ):
        return None
    return "{" + ",".join(map(str, sorted(range(len(lines)), key=lambda number: lines[number]["path"]))) + "}"


def _text(value: object) -> str:
    return orjson.dumps(value).decode()


def check_door() -> None:
    """Raise unless a service has the door for writes open."""
    if not in_writing():
        raise UnguardedWrite("Posted outside writing(): put the posting into the service that writes its document.")


def account_sent(account: AccountRef) -> dict[str, Any]:
    """What the database has to know to open an account."""
    return {
        "id": uuid7(),
        "path": account.path,
        "currency": account.currency,
        "kind": account.kind,
        "name": account.name,
        "customer": account.customer_id,
        "stripes": account.stripes,
        "floor": account.floor,
        "ceiling": account.ceiling,
        "opened_at": clock.now(),
    }


def check_amount(amount: object) -> None:
    """`LineInvalid` unless it is an integer that the ledger can hold."""
    if isinstance(amount, bool) or not isinstance(amount, int) or abs(amount) > MOST:
        raise LineInvalid


def _sent(posting: Posting, accounts: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    if posting.event_at.tzinfo is None:
        raise LineInvalid
    for line in posting.lines:
        check_amount(line.amount)
    lines = [line for line in posting.lines if line.amount]
    _check(lines)
    for line in lines:
        name = (line.account.path, line.account.currency)
        if name not in accounts:
            accounts[name] = account_sent(line.account)
    # The body is what the key stands for; its hash is made by the database from what it posts.
    return {
        "id": uuid7(),
        "key": posting.key,
        "recorded_at": clock.now(),
        "body": {
            "event_at": posting.event_at.astimezone(UTC),
            "kind": posting.kind,
            "description": posting.description[:200],
            "document_kind": posting.document_kind,
            "document": posting.document_id,
            "customer": posting.customer_id,
            "reverses": posting.reverses,
            "sandbox": lines[0].account.sandbox,
            "lines": [
                {
                    "path": line.account.path,
                    "currency": line.account.currency,
                    "amount": line.amount,
                    "reference": line.reference,
                }
                for line in lines
            ],
        },
    }


def _check(lines: Iterable[Line]) -> None:
    sums: dict[str, int] = {}
    count = 0
    books = set()
    for line in lines:
        sums[line.account.currency] = sums.get(line.account.currency, 0) + line.amount
        books.add(line.account.sandbox)
        count += 1
    if count < 2 or count > LINES or any(sums.values()):
        raise Unbalanced
    if len(books) > 1:
        raise BooksMixed
