"""Many at once, for real: hot accounts, opposite orders, one key, a limit, a closing; and histories made at random."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker

from billing.errors.ledger import Overdrawn, PeriodClosed
from billing.ledger import AccountRef, Line, Posted, Posting, balance, balance_at, post, post_many
from billing.ledger.chart import bank, deferred, income, receivable, tax, wallet
from billing.ledger.checks import QUESTIONS, ask
from billing.management.commands.ledger import _number
from billing.models import Entry, Journal
from billing.services.ledger import period_close
from portal.kit import context
from portal.kit.services import writing
from tests.billing.ledger_world import ANN, BOB, DAY, posted, posted_all, posting

AT_ONCE, EACH = 8, 25


@pytest.fixture
def at_once(
    own_database: dict[str, str], django_db_blocker: DjangoDbBlocker
) -> Callable[[Callable[[int], Any]], list[Any]]:
    """Run a function with the numbers 0 to 7 in as many threads, from the same moment on; what they returned or raised."""

    def run(work: Callable[[int], Any]) -> list[Any]:
        ready = Barrier(AT_ONCE)

        def one(number: int) -> Any:
            with django_db_blocker.unblock():
                ready.wait(30)
                try:
                    return work(number)
                except Exception as error:  # noqa: BLE001 - the test looks at what came
                    return error
                finally:
                    connections.close_all()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(one, range(AT_ONCE)))

    return run


Runner = Callable[[Callable[[int], Any]], list[Any]]


def faults(outcomes: list[Any]) -> list[Exception]:
    """What was raised."""
    return [one for one in outcomes if isinstance(one, Exception)]


def test_eight_threads_on_one_hot_account_and_in_opposite_orders_never_deadlock(at_once: Runner) -> None:
    one, other = receivable(ANN, "EUR"), receivable(BOB, "EUR")
    hot = income("subscription", "EUR")

    def work(number: int) -> None:
        for _turn in range(EACH):
            first, second = (one, other) if number % 2 else (other, one)
            posted((first, 3), (second, -1), (hot, -2))

    assert faults(at_once(work)) == []
    assert balance(hot) == AT_ONCE * EACH * 2
    assert balance(one) == balance(other) == AT_ONCE * EACH
    assert Journal.objects.count() == AT_ONCE * EACH
    assert ask(_number) == []


def test_the_same_key_at_once_posts_once(at_once: Runner) -> None:
    same = posting((bank("main", "EUR"), 100), (income("usage", "EUR"), -100), key="once")

    def work(_number: int) -> Posted:
        with context.system("a race"), writing():
            return post(same)

    outcomes = at_once(work)
    assert faults(outcomes) == []
    assert sorted(one.created for one in outcomes) == [False] * (AT_ONCE - 1) + [True]
    assert balance(bank("main", "EUR")) == 100


def test_a_wallet_is_not_overdrawn_by_many_at_once_and_batches_do_not_deadlock(at_once: Runner) -> None:
    purse = wallet(ANN, "EUR")
    posted((bank("main", "EUR"), 100), (purse, -100))

    def work(number: int) -> None:
        batch = [
            posting((purse, 5), (receivable(ANN, "EUR"), -5)),
            posting((tax("X", "EUR"), 1), (deferred("EUR"), -1)),
        ]
        for _turn in range(4):
            posted_all(batch if number % 2 else batch[::-1])
            batch = [posting(*((line.account, line.amount) for line in one.lines)) for one in batch]

    found = faults(at_once(work))
    assert {type(one) for one in found} == {Overdrawn}
    assert balance(purse) == 0
    assert Entry.objects.filter(account__path=purse.path).count() == 21
    assert ask(_number) == []


def test_a_posting_that_began_before_the_closing_is_waited_for(at_once: Runner) -> None:
    def work(number: int) -> str:
        with context.system("a race") as current:
            if number == 0:
                period_close(actor=current.actor, until=DAY + timedelta(days=1), reason="March")
                closed = set(Journal.objects.values_list("pk", flat=True))
                return ",".join(sorted(map(str, closed)))
            for _turn in range(EACH):
                posted((bank("main", "EUR"), 1), (income("usage", "EUR"), -1))
        return ""

    outcomes = at_once(work)
    assert {type(one) for one in faults(outcomes)} <= {PeriodClosed}
    seen = set(outcomes[0].split(",")) - {""}
    # Whatever lies in the closed time was there when the closing was done; nothing slipped in behind it.
    assert {str(pk) for pk in Journal.objects.values_list("pk", flat=True)} == seen


def test_an_own_transaction_that_fails_takes_its_journal_with_it(at_once: Runner) -> None:
    def work(number: int) -> None:
        with context.system("a race"), transaction.atomic(), writing():
            post(posting((bank("main", "EUR"), 1), (income("usage", "EUR"), -1)))
            if number % 2:
                raise RuntimeError("the document could not be written")

    assert len(faults(at_once(work))) == AT_ONCE // 2
    assert balance(bank("main", "EUR")) == Journal.objects.count() == AT_ONCE // 2


# What only the owner of the tables can do, and which question finds it.
BROKEN = {
    0: "UPDATE billing_entry SET amount = amount + 1 WHERE position = 1",
    1: "DELETE FROM billing_entry",
    2: "UPDATE billing_entry SET event_at = event_at + interval '1 day'",
    3: "UPDATE billing_ledger_balance SET balance = balance + 1",
    4: "UPDATE billing_entry SET balance_after = balance_after + 1",
    5: "UPDATE billing_ledger_balance SET pending_debit = 7",
    6: "ALTER TABLE billing_ledger_balance DROP CONSTRAINT billing_ledger_balance_floor; "
    "UPDATE billing_ledger_balance SET floor = balance + 1",
    7: "UPDATE billing_journal SET reverses_id = (SELECT min(id::text)::uuid FROM billing_journal) "
    "WHERE id = (SELECT max(id::text)::uuid FROM billing_journal)",
}


def test_the_check_finds_what_the_owner_of_the_tables_broke(own_database: dict[str, str]) -> None:
    posted((bank("main", "EUR"), 1000), (income("usage", "EUR"), -1000))
    posted((bank("main", "EUR"), 30), (income("one_off", "EUR"), -30))
    with psycopg.connect(own_database["DATABASE_OWNER_URL"]) as owner:
        for place, act in BROKEN.items():
            owner.execute(act.encode())
            found = [text for text, _n in ask(lambda query: int(owner.execute(query.encode()).fetchone()[0]))]  # type: ignore[index]
            assert QUESTIONS[place][0] in found, act
            owner.rollback()
        with pytest.raises(psycopg.errors.DatabaseError, match="does not balance"):
            owner.execute(
                "INSERT INTO billing_journal (id, key, body_hash, event_at, recorded_at, kind, description, "
                "document_kind, sandbox) VALUES (gen_random_uuid(), 'empty', '', now(), now(), 'x', '', '', false)"
            )
            owner.commit()
        owner.rollback()
        owner.execute(BROKEN[3].encode())
        owner.commit()
    with pytest.raises(CommandError, match="not sound"):
        call_command("ledger", "check", stderr=StringIO())


ACCOUNTS = [
    receivable(ANN, "EUR"),
    receivable(BOB, "EUR"),
    bank("main", "EUR"),
    income("usage", "EUR"),
    tax("X", "EUR"),
]
amounts = st.integers(1, 10**6)
moves = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), amounts, st.integers(0, 90)), min_size=1, max_size=6)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(moves, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_random_histories_keep_every_invariant(
    history: list[list[tuple[int, int, int, int]]], chance: random.Random
) -> None:
    """Batches of random journals, some sent again: balances are what plain sums say, on both axes of time."""
    plain: dict[AccountRef, int] = dict.fromkeys(ACCOUNTS, 0)
    early: dict[AccountRef, int] = dict.fromkeys(ACCOUNTS, 0)
    middle = DAY + timedelta(days=45)
    with transaction.atomic():
        for batch in history:
            sent: list[Posting] = []
            for one, other, amount, day in batch:
                when = DAY + timedelta(days=day)
                lines = [Line(ACCOUNTS[one], amount), Line(ACCOUNTS[other], -amount)]
                sent.append(posting(*lines, event_at=when))
                for line in lines:
                    plain[line.account] += line.amount
                    early[line.account] += line.amount if when <= middle else 0
            with context.system("a test"), writing():
                post_many(sent)
                again = post_many([one for one in sent if chance.random() < 0.5])
            assert not any(one.created for one in again)
        assert {ref: ref.normal * balance(ref) for ref in ACCOUNTS} == plain
        assert {ref: ref.normal * balance_at(ref, event_at=middle) for ref in ACCOUNTS} == early
        assert ask(_number) == []
        transaction.set_rollback(True)
