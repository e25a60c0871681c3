"""Renewals: subscriptions whose month is over, each with its tax, invoice, number, postings and mail, a minute; among a
thousand, ten thousand and a hundred thousand that are all due at once."""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from django.db import connection, connections

from bench import copies
from bench.ledger import processor_seconds
from bench.lists import use
from bench.table import Bound, Row
from bench.world import World
from billing.models import Customer, Invoice, Subscription
from billing.services.subscription_steps import BATCH, subscriptions_renew
from portal.kit import clock, context
from portal.kit.context import Actor, Context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from portal.kit.tenancy import behind_the_wall
from tests.accounts.organisation_world import organisation
from tests.billing.document_world import rate
from tests.billing.money_world import customer_of, seller
from tests.billing.subscription_world import on, pay_all, plan, subscribed

SIZES = tuple(int(one) for one in os.environ.get("BENCH_SUBSCRIPTIONS", "1_000,10_000,100_000").split(","))
BATCHES = 4  # Of a round, of `BATCH` renewals each.
GROWTH = Bound("<=", 1.2)
WORKER = Actor("system", None, "worker")
# Runs of the queue would only wait: there is no worker here.
WITHOUT = frozenset({"maintenance_job_run"})
WHOLE = frozenset({"kit_outbound_message"})
OVERRIDES = {
    ("billing_payment_link", "digest"): "sha256(h::bytea)",
    ("accounts_organisation", "slug"): "'copy-' || n",
    ("billing_invoice", "sequence"): "n + 1",
    ("billing_invoice", "number"): "'INV-2026-' || lpad((n + 1)::text, greatest(4, length((n + 1)::text)), '0')",
}


@dataclass
class Book:
    """One database with so many subscriptions, and how far it has been renewed."""

    name: str
    size: int
    month: int = 2
    after: UUID | None = None
    milliseconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def renew(self) -> None:
        """One round: `BATCHES` batches as the job makes them, each a transaction; the next month follows when all are done."""
        done, began, used = 0, time.perf_counter(), processor_seconds()
        for _ in range(BATCHES):
            with (
                clock.at(_month(self.month)),
                context.use(Context(actor=WORKER, source="job", platform=True)),
                writing(),
            ):
                some, self.after = subscriptions_renew(actor=WORKER, after=self.after)
            done += some
            if self.after is None:
                self.month += 1
        self.milliseconds.append((time.perf_counter() - began) * 1e3 / done)
        self.cpu.append((processor_seconds() - used) * 1e6 / done)


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """What one renewal costs at each size, beside the smallest; how many a minute that is stands behind."""
    logging.disable(logging.INFO)
    home = str(connection.settings_dict["NAME"])
    first = prototype()
    say(f"renewals: the pattern is {pattern_of(first)}")
    books = [Book(filled(world, home, first, size, say), size) for size in SIZES]
    for book in books:
        use(book.name)
        book.renew()  # Warm: statements are prepared, plans are known.
        _proved(book, first)
        book.milliseconds.clear()
        book.cpu.clear()
    for number in range(rounds):
        for book in books:
            use(book.name)
            book.renew()
        say(f"renewals: round {number + 1} of {rounds}: " + ", ".join(f"{b.milliseconds[-1]:.1f} ms" for b in books))
    use(home)
    few = books[0]
    return [
        Row(
            f"renewal, one of {book.size:,} due: to one of {few.size:,}",
            "ms",
            book.milliseconds,
            few.milliseconds,
            GROWTH if book is not few else None,
            book.cpu,
            few.cpu,
            extra={"a minute, by one worker": f"{60_000 / median(book.milliseconds):,.0f}"},
        )
        for book in books
    ]


def prototype(*, paid: bool = True) -> Subscription:
    """A customer with its first month, made by the services: it is what the others are copies of."""
    entity = seller(regime="flat", code="bench")
    rate(entity, "19")
    buyer = customer_of(organisation("Renewed"), entity=entity, email="buyer@example.com")
    subscription, _ = subscribed(buyer, plan(4900), "2026-01-01")
    if paid:
        with context.system("the bench"), behind_the_wall():
            pay_all(subscription)
    return subscription


def pattern_of(first: Subscription) -> copies.Pattern:
    """All rows about it."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database:
        return copies.pattern(database, first.organisation_id, without=WITHOUT, whole=WHOLE, overrides=OVERRIDES)


def filled(
    world: World, home: str, first: Subscription, size: int, say: Callable[[str], None], *, then: str = ""
) -> str:
    """A copy of the database in which there are `size` of it, after a statement of its owner; its name."""
    began, name, owner = time.perf_counter(), f"{home}_{size}", os.environ["DATABASE_OWNER_URL"]
    of = pattern_of(first)
    connections.close_all()
    with psycopg.connect(world.admin_url, dbname="postgres", autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{home}" OWNER {urlsplit(owner).username}')
    with psycopg.connect(world.admin_url, dbname=name, autocommit=True) as database:
        copies.copy(database, of, size - 1, then=f"UPDATE billing_number_series SET last = {size}; {then}")
    say(f"renewals: {size:,} subscriptions filled in {time.perf_counter() - began:.0f} s")
    return name


def _month(number: int) -> datetime:
    """The first moment of the month so many months after December 2025."""
    return on(f"{2026 + (number - 1) // 12}-{(number - 1) % 12 + 1:02d}-01")


def _proved(book: Book, first: Subscription) -> None:
    """That the warm round did what a renewal is: documents with tax and number, postings, mails, for copies too."""
    made = BATCHES * BATCH
    with context.use(Context(actor=WORKER, source="job", platform=True)), behind_the_wall():
        if Subscription.objects.count() != book.size or Customer.objects.count() != book.size:
            raise RuntimeError(f"{Subscription.objects.count():,} subscriptions instead of {book.size:,}.")
        fresh = Invoice.objects.filter(issued_at__gte=_month(2), total=5831, tax=931, state="open")
        mails = OutboundMessage.objects.filter(created_at__gte=_month(2)).count()
        if (fresh.count(), mails) != (made, made):
            raise RuntimeError(f"{fresh.count()} invoices and {mails} mails of {made} renewals.")
