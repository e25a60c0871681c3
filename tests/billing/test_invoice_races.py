"""Many at once: numbers without gaps whoever rolls back, and nothing settled twice."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from billing.models import CreditNote, Invoice, NumberSeries, Settlement
from billing.proof import differences
from billing.services.invoice_states import invoice_finalise
from portal.kit import context, tenancy
from portal.kit.errors import StewardError
from portal.kit.services import writing
from tests.accounts.organisation_world import organisation
from tests.billing.document_world import draft, final, paid, taxed_seller
from tests.billing.money_world import customer_of
from tests.billing.test_credit_notes import note


class _RolledBack(Exception):
    """What makes a transaction go back after everything was done."""


def _in_threads(workers: int, acts: list[Callable[[], Any]]) -> list[Any]:
    """Do them all, each in a transaction of its own, by so many at once; what each gave or raised."""

    def one(act: Callable[[], Any]) -> Any:
        try:
            with context.system("a race"), writing():
                return act()
        except (StewardError, _RolledBack) as error:
            return error

    def closing(acts_of_one: list[Callable[[], Any]]) -> list[Any]:
        try:
            return [one(act) for act in acts_of_one]
        finally:
            connection.close()

    shares = [acts[place::workers] for place in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        return [result for done in pool.map(closing, shares) for result in done]


def _finalise_all(workers: int, drafts: int, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - which of them roll back
    entity = taxed_seller("19")
    customers = [customer_of(organisation(), entity=entity) for _number in range(5)]
    with context.system("a race"), writing():
        waiting = [draft(dice.choice(customers), 100 + place) for place in range(drafts)]

    def act(invoice: Invoice, back: bool) -> Callable[[], Any]:
        def run() -> Any:
            current = context.current()
            assert current is not None
            done = invoice_finalise(actor=current.actor, invoice=invoice)
            if back:
                raise _RolledBack
            return done.sequence

        return run

    went_back = [dice.random() < 0.3 for _one in waiting]
    # Each twice: the second finds it final, unless the first was rolled back.
    acts = [act(one, back) for one, back in zip(waiting, went_back, strict=True)] + [act(one, False) for one in waiting]
    dice.shuffle(acts)
    results = _in_threads(workers, acts)
    numbers = sorted(one for one in results if isinstance(one, int))
    assert numbers == list(range(1, len(waiting) + 1)), f"seed {seed}"
    with context.system("a race"), tenancy.behind_the_wall(), connection.cursor() as cursor:
        assert NumberSeries.objects.get().last == len(waiting)
        assert [rows for _check, rows in differences(cursor) if rows] == [], f"seed {seed}"


def test_many_finalise_with_random_roll_backs_and_numbers_have_no_gaps(own_database: dict[str, str]) -> None:
    _finalise_all(workers=8, drafts=40, seed=random.randrange(10**6))  # noqa: S311


@pytest.mark.soak
def test_fifty_finalise_a_thousand_drafts_with_random_roll_backs(own_database: dict[str, str]) -> None:
    _finalise_all(workers=50, drafts=1000, seed=random.randrange(10**6))  # noqa: S311


def test_one_payment_and_one_credit_note_happen_once_however_many_bring_them(own_database: dict[str, str]) -> None:
    with context.system("a race"), writing():
        first, second = (final(customer_of(organisation(), entity=taxed_seller()), 100) for _number in range(2))
    _in_threads(6, [lambda: paid(first, 60, key="once") for _again in range(6)])
    _in_threads(6, [lambda: note(second, amount=30, key="once", to="open") for _again in range(6)])
    results = _in_threads(6, [lambda place=place: paid(first, 30, key=f"rest{place}") for place in range(3)])  # type: ignore[misc]
    with context.system("a race"), tenancy.behind_the_wall():
        assert sum(isinstance(one, StewardError) for one in results) == 2
        assert sorted(Settlement.objects.filter(invoice=first).values_list("amount", flat=True)) == [30, 60]
        assert CreditNote.objects.get().total == 30
