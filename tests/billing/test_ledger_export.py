"""The journal in the words of other tools, which check it for themselves; and our own check."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from billing.ledger import reverse
from billing.ledger.chart import bad_debt, bank, equity, income, receivable, tax, wallet
from billing.ledger.export import Beancount
from billing.restored import _sound
from portal.kit import context
from portal.kit.services import writing
from tests.billing.ledger_world import ANN, BOB, DAY, posted, sale

pytestmark = pytest.mark.django_db
CHECKERS = {
    "beancount": [str(Path(sys.executable).with_name("bean-check")), "--no-cache"],
    "hledger": ["hledger", "check", "--strict", "-f"],
}


def a_year() -> None:
    """Sales in three currencies, an exchange, a reversal, a wallet and a loss, over four months."""
    posted((bank("main", "EUR"), 100_000), (equity("capital", "EUR"), -100_000), event_at=DAY - timedelta(days=40))
    done = posted(
        (receivable(ANN, "EUR"), 11_900),
        (income("subscription", "EUR"), -10_000),
        (tax("DE19", "EUR"), -1_900),
        description='A "quoted" \\ text; with | signs\nand a line',
    )
    posted((receivable(BOB, "JPY"), 1_055), (income("one_off", "JPY"), -1_055), event_at=DAY + timedelta(days=3))
    posted((bank("main", "KWD"), 10_555), (wallet(BOB, "KWD"), -10_555), event_at=DAY + timedelta(days=31))
    posted(
        (bank("main", "EUR"), -5_000),
        (equity("exchange", "EUR"), 5_000),
        (bank("main", "JPY"), 8_000),
        (equity("exchange", "JPY"), -8_000),
        event_at=DAY + timedelta(days=32),
    )
    posted((bad_debt("JPY"), 55), (receivable(BOB, "JPY"), -55), event_at=DAY + timedelta(days=90))
    with context.system("a test"), writing():
        reverse(done.journal_id, key="back", event_at=DAY + timedelta(days=91), description="Wrong customer")
    posted((bank("main", "EUR", sandbox=True), 1), (income("usage", "EUR", sandbox=True), -1))


def exported(form: str, *flags: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("ledger", "export", "--format", form, *flags, stdout=out)
    return out.getvalue()


def accepts(form: str, text: str, where: Path) -> bool:
    """Whether the other tool's own checker accepts the text."""
    file = where / "books.txt"
    file.write_text(text)
    return subprocess.run([*CHECKERS[form], str(file)], capture_output=True, timeout=60, check=False).returncode == 0


def changed(text: str) -> Iterator[str]:
    """The text with one digit changed: in the first entry, in the last, and in a balance."""
    lines = text.splitlines()
    amounts = [n for n, line in enumerate(lines) if line.startswith(" ") and line.endswith((" EUR", " JPY", " KWD"))]
    for place in (amounts[0], amounts[len(amounts) // 2], amounts[-1]):
        line = lines[place]
        at = max(n for n, sign in enumerate(line) if sign.isdigit())
        yield "\n".join(
            [*lines[:place], f"{line[:at]}{(int(line[at]) + 1) % 10}{line[at + 1 :]}", *lines[place + 1 :], ""]
        )


@pytest.mark.parametrize("form", ["beancount", "hledger"])
def test_i13_independent_checkers_accept_the_export_and_no_changed_digit(form: str, tmp_path: Path) -> None:
    a_year()
    text = exported(form)
    assert accepts(form, text, tmp_path)
    assert [accepts(form, other, tmp_path) for other in changed(text)] == [False, False, False]
    assert "sandbox" not in text
    assert accepts(form, exported(form, "--sandbox"), tmp_path)


def test_an_empty_ledger_exports_nothing_and_is_sound() -> None:
    assert exported("beancount") == ""
    out = StringIO()
    call_command("ledger", "check", stdout=out)
    assert "sound" in out.getvalue()


def test_two_accounts_of_one_name_are_not_merged_in_silence() -> None:
    form = Beancount()
    assert form.name("expenses:bad_debt") == "Expenses:BadDebt"
    with pytest.raises(ValueError, match="Two accounts"):
        form.name("expenses:badDebt")


def test_the_drill_proves_the_restored_ledger() -> None:
    sale(1000)
    with connection.cursor() as cursor:

        class App:
            def execute(self, query: str) -> object:
                cursor.execute(query)
                return cursor

        assert _sound(App()) == "1 journals"
