"""Earning what was billed in advance: deferred when a document becomes final, earned by day, taken back with it.

The row of a line (`Deferral`) and the journal move in one transaction, so nothing is earned twice, whoever is killed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from billing import document_books as books
from billing.documents import DEFERRED
from billing.earning import Spread, spread_of
from billing.ledger import AccountRef, Line, Posting, chart, post_many
from billing.models import Closing, Customer, Deferral, Invoice, InvoiceLine, Journal
from billing.times import end_of, zone_of
from portal.kit import clock
from portal.kit.ids import uuid7
from portal.kit.services import writing

KIND = "revenue"  # Of the journals that move what is earned out of deferred income.
# Rows that have a day which is over: in the customer's zone, by the customer's clock, and by UTC, whose days the books have.
_OVER = """
FROM billing_deferral d JOIN billing_customer c ON c.id = d.customer_id
LEFT JOIN billing_test_clock t ON t.id = c.test_clock_id
CROSS JOIN LATERAL (SELECT coalesce(t.at, %(now)s) AS at) moment
CROSS JOIN LATERAL (SELECT least((moment.at AT TIME ZONE c.time_zone)::date, (moment.at AT TIME ZONE 'UTC')::date) AS today) over
WHERE d.until_on < d.ends_on AND d.until_on < over.today AND (%(customer)s::uuid IS NULL OR d.customer_id = %(customer)s)
"""
_FIRST = f"SELECT min(d.until_on) {_OVER}"
_EARN = f"""
WITH due AS (
    SELECT d.id, d.earned AS before, d.base + round((d.net - d.taken - d.base)::numeric
        * (least(%(day)s::date + 1, d.ends_on) - d.from_on) / (d.ends_on - d.from_on))::bigint AS after
    {_OVER} AND d.until_on <= %(day)s AND over.today > %(day)s ORDER BY d.id FOR UPDATE OF d
), moved AS (
    UPDATE billing_deferral d SET earned = due.after, until_on = least(%(day)s::date + 1, d.ends_on) FROM due WHERE d.id = due.id
    RETURNING d.currency, d.sandbox, due.after - due.before AS share
)
SELECT currency, sandbox, sum(share)::bigint, count(*) FROM moved GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - the statement above


@dataclass(frozen=True, slots=True)
class Earned:
    """What a day brought: of how many lines, in how many journals."""

    lines: int
    journals: int


def deferrals_of(*, invoice: Invoice, lines: Iterable[InvoiceLine], at: datetime) -> list[Deferral]:
    """What of the lines of an invoice is billed in advance at `at`, by line, unsaved; part of other services. A line
    whose days are all over has none: it is earned at once, as are the days that are over of the others."""
    zone, found = zone_of(invoice.customer), []
    for line in lines:
        net = line.amount - line.discount
        if line.kind not in DEFERRED or line.period_start is None or line.period_end is None or not net:
            continue
        spread, today = spread_of(net, line.period_start, line.period_end, zone), at.astimezone(zone).date()
        if today < spread.end:
            earned, begun = spread.earned_by(today), spread.clamped(today)
            found.append(
                Deferral(
                    organisation_id=invoice.organisation_id,
                    line=line,
                    customer_id=invoice.customer_id,
                    currency=invoice.currency,
                    sandbox=invoice.sandbox,
                    net=net,
                    base=earned,
                    earned=earned,
                    from_on=begun,
                    ends_on=spread.end,
                    until_on=begun,
                )
            )
    return found


def take_back(*, invoice: Invoice, nets: Mapping[UUID, int], at: datetime) -> tuple[dict[UUID, int], int]:
    """Take `nets` (minor units by the id of the line) out of what is not earned yet, as far as that goes; part of credit
    notes, which hold the invoice. Days that are over are earned first.

    Returns what comes out of deferred income by line (the rest of a net comes out of income), and what was earned now.
    """
    today, taken, caught_up = at.astimezone(zone_of(invoice.customer)).date(), {}, 0
    rows = list(Deferral.objects.select_for_update().filter(line__in=nets).order_by("id"))
    for row in rows:
        if row.until_on == row.ends_on:
            continue
        spread = Spread(row.net - row.taken - row.base, row.from_on, row.ends_on)
        begun = max(row.until_on, spread.clamped(today))
        caught_up += row.base + spread.earned_by(begun) - row.earned
        row.earned = row.base + spread.earned_by(begun)
        taken[row.line_id] = min(nets[row.line_id], row.rest)
        row.taken += taken[row.line_id]
        if row.rest and begun < row.ends_on:
            row.base, row.from_on, row.until_on = row.earned, begun, begun
        else:
            row.until_on = row.ends_on
    if rows:
        Deferral.objects.bulk_update(rows, ["taken", "base", "earned", "from_on", "until_on"])
    return taken, caught_up


def earned_back(*, invoice: Invoice) -> int:
    """End the deferrals of an invoice that becomes void; part of that service. Returns what the job earned of them, which
    goes back before the journal of the invoice is reversed."""
    rows = list(Deferral.objects.select_for_update().filter(line__invoice=invoice).order_by("id"))
    for row in rows:
        row.taken, row.until_on = row.net - row.earned, row.ends_on
    if rows:
        Deferral.objects.bulk_update(rows, ["taken", "until_on"])
    return sum(row.earned - row.base for row in rows)


def earning(*, key: str, at: datetime, invoice: Invoice, amount: int) -> Posting | None:
    """The journal that earns `amount` of an invoice apart from the nightly ones (below 0: takes it back); None for 0."""
    deferred, income = accounts(currency=invoice.currency, sandbox=invoice.sandbox)
    return books.posting(key, at, KIND, invoice, {deferred: amount, income: -amount})


def accounts(*, currency: str, sandbox: bool) -> tuple[AccountRef, AccountRef]:
    """Deferred income, and the income that it becomes."""
    return chart.deferred(currency, sandbox=sandbox), chart.income("subscription", currency, sandbox=sandbox)


def first_day_due(*, customer: Customer | None = None) -> date | None:
    """The earliest day that is over and not earned yet; of one customer, or of all; part of the job."""
    with writing(), connection.cursor() as cursor:
        cursor.execute(_FIRST, _values(customer))
        found: date | None = cursor.fetchone()[0]
    return found


def day_earn(*, day: date, customer: Customer | None = None) -> Earned:
    """Earn `day`, and days before it that were left out, wherever it is over: all lines in one journal per currency and
    kind of books, at the end of that day, or where the books are open again. Done twice, it does nothing; part of the job."""
    with writing():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('billing.revenue'))")
            cursor.execute(_EARN, {**_values(customer), "day": day})
            moved: Sequence[tuple[str, bool, int, int]] = cursor.fetchall()
        posted = post_many(
            [_of_day(day, currency, share, sandbox=sandbox) for currency, sandbox, share, _ in moved if share]
        )
    return Earned(sum(row[3] for row in moved), len(posted))


def customer_earn(*, customer: Customer) -> int:
    """Earn every day that is over for one customer; part of the steps of its clock. How many days."""
    days = 0
    while (day := first_day_due(customer=customer)) is not None:
        day_earn(day=day, customer=customer)
        days += 1
    return days


def _values(customer: Customer | None) -> dict[str, Any]:
    return {"now": clock.now(), "customer": customer.pk if customer else None}


def _of_day(day: date, currency: str, share: int, *, sandbox: bool) -> Posting:
    books_of = "sandbox" if sandbox else "real"
    key = f"{KIND}:{day}:{currency}:{books_of}"
    if Journal.objects.filter(key=key).exists():
        # Lines whose day ended later, or that were billed afterwards. Their rows say that they were not in the first.
        key = f"{key}:{uuid7()}"
    deferred, income = accounts(currency=currency, sandbox=sandbox)
    return Posting(
        key=key,
        event_at=max(end_of(day) - timedelta(microseconds=1), _open_from(sandbox=sandbox)),
        kind=KIND,
        description=f"Earned on {day}",
        lines=[Line(deferred, share), Line(income, -share)],
    )


def _open_from(*, sandbox: bool) -> datetime:
    closings = Closing.objects.filter(sandbox=sandbox).order_by("-number").values_list("until", flat=True)
    return closings.first() or datetime.min.replace(tzinfo=UTC)
