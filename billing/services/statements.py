"""Statements of banks: importing their lines, and matching each with what the books know."""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing.errors.ledger import JournalDiffers, StatementLineSettled, StatementUnreadable
from billing.ledger import AccountRef, Line, Posting, post
from billing.ledger.chart import bank as bank_account
from billing.models import Entry, Journal, StatementLine
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import StewardError
from portal.kit.money import parsed
from portal.kit.record import diff, record
from portal.kit.services import writing

COLUMNS = ("date", "amount", "currency")
MOST_LINES = 10_000  # Of one file: a year of a busy account.


@dataclass(frozen=True)
class Imported:
    """How many lines of a file are new, and how many were here already."""

    added: int
    known: int


def statement_import(*, actor: Actor, bank: str, text: str) -> Imported:
    """Import a CSV file of a bank account (`ledger:admin`): columns date (ISO), amount (major units, below 0 for what
    went out), currency, and if there are any reference, counterparty and id. All of it or nothing.

    A line whose id is known, or without ids one that is equal in all columns as often, is not imported again. Event
    `billing.statement.imported`. `StatementUnreadable` names the line.
    """
    authorise(actor, "ledger:admin")
    lines = _lines(bank, text)
    with writing():
        known = set(
            StatementLine.objects.filter(bank=bank, external_id__in=[line.external_id for line in lines]).values_list(
                "currency", "external_id"
            )
        )
        fresh = [line for line in lines if (line.currency, line.external_id) not in known]
        StatementLine.objects.bulk_create(fresh, ignore_conflicts=True)
        record(
            "billing.statement.imported",
            data={
                "bank": bank,
                "added": len(fresh),
                "known": len(lines) - len(fresh),
                "sha256": sha256(text.encode()).hexdigest(),
            },
        )
    return Imported(len(fresh), len(lines) - len(fresh))


def statement_line_post(
    *, actor: Actor, line: StatementLine, against: AccountRef, reference: str = ""
) -> StatementLine:
    """Match a line by posting what it says: the bank account against another, about `reference` (`ledger:admin`).

    Event `billing.statement_line.matched`. `StatementLineSettled`, and errors of posting.
    """
    authorise(actor, "ledger:admin")
    with writing():
        held = _held(line)
        done = post(
            Posting(
                key=f"statement:{held.pk}",
                event_at=datetime.combine(held.booked_on, time(12), UTC),
                kind="bank",
                description=held.reference or held.counterparty,
                lines=[
                    Line(bank_account(held.bank, held.currency), held.amount, reference),
                    Line(against, -held.amount, reference),
                ],
                document_kind="statement_line",
                document_id=held.pk,
                customer_id=against.customer_id,
            )
        )
        return _settle(held, StatementLine.State.MATCHED, "billing.statement_line.matched", journal_id=done.journal_id)


def statement_line_match(*, actor: Actor, line: StatementLine, journal: Journal) -> StatementLine:
    """Match a line with a journal that moved its amount on its bank account, and that no other line has (`ledger:admin`).

    Event `billing.statement_line.matched`. `StatementLineSettled`, `JournalDiffers`.
    """
    authorise(actor, "ledger:admin")
    with writing():
        held = _held(line)
        ref = bank_account(held.bank, held.currency)
        moved = Entry.objects.filter(
            journal=journal, account__path=ref.path, account__currency=ref.currency, amount=held.amount
        )
        if not moved.exists() or StatementLine.objects.filter(journal=journal).exists():
            raise JournalDiffers
        return _settle(held, StatementLine.State.MATCHED, "billing.statement_line.matched", journal_id=journal.pk)


def statement_line_ignore(*, actor: Actor, line: StatementLine, note: str) -> StatementLine:
    """Set a line aside: the books need nothing of it, for the reason `note` (`ledger:admin`).

    Event `billing.statement_line.ignored`. `StatementLineSettled`.
    """
    authorise(actor, "ledger:admin")
    with writing():
        held = _held(line)
        return _settle(held, StatementLine.State.IGNORED, "billing.statement_line.ignored", note=note[:200])


def _held(line: StatementLine) -> StatementLine:
    held = StatementLine.objects.select_for_update().get(pk=line.pk)
    if held.state != StatementLine.State.OPEN:
        raise StatementLineSettled
    return held


def _settle(
    held: StatementLine, state: str, code: str, *, journal_id: UUID | None = None, note: str = ""
) -> StatementLine:
    changes = diff(held, {"state": state, "journal_id": journal_id, "note": note})
    held.state, held.journal_id, held.note, held.settled_at = state, journal_id, note, clock.now()
    with transaction.atomic():
        held.save(update_fields=["state", "journal", "note", "settled_at"])
    record(code, target=held, changes=changes)
    return held


def _lines(bank: str, text: str) -> list[StatementLine]:
    reader = csv.DictReader(io.StringIO(text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise StatementUnreadable(_("The columns %(names)s are missing.") % {"names": ", ".join(missing)})
    seen: Counter[str] = Counter()
    lines = []
    for number, row in enumerate(reader, start=2):
        if number > MOST_LINES + 1:
            raise StatementUnreadable(_("A file may have at most %(most)s lines.") % {"most": MOST_LINES})
        lines.append(_line(bank, number, row, seen))
    return lines


def _line(bank: str, number: int, row: Mapping[str, str | None], seen: Counter[str]) -> StatementLine:
    cells = {
        name: (value or "").strip()
        for name, value in row.items()
        if isinstance(name, str) and not isinstance(value, list)
    }
    try:
        money = parsed(cells["amount"], cells["currency"])
        booked_on = date.fromisoformat(cells["date"])
        if not money:
            raise ValueError
    except (StewardError, ValueError):
        raise StatementUnreadable(_("Line %(number)d has no date, amount or currency.") % {"number": number}) from None
    # Without an id of the bank: what it says, and how often it has said so in this file.
    said = "\n".join(cells.get(name, "") for name in ("date", "amount", "currency", "reference", "counterparty"))
    seen[said] += 1
    digest = sha256(f"{said}\n{seen[said]}".encode()).hexdigest()
    return StatementLine(
        bank=bank,
        currency=money.currency,
        booked_on=booked_on,
        amount=money.amount,
        reference=cells.get("reference", "")[:140],
        counterparty=cells.get("counterparty", "")[:140],
        external_id=cells.get("id", "")[:80] or f"sha256:{digest}",
    )
