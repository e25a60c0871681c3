"""What must hold in a restored database: the money in it."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.ledger.checks import ask
from billing.proof import CHECKS, differences
from portal.kit.registry import Proof, proofs


def _sound(app: Any) -> str:
    wrong = ask(lambda query: int(app.execute(query).fetchone()[0]))
    if wrong:
        raise AssertionError(" ".join(f"{text}: {number}." for text, number in wrong))
    journals = app.execute("SELECT count(*) FROM billing_journal").fetchone()[0]
    return f"{journals} journals"


def _ties(app: Any) -> str:
    # Documents of every organisation: what row-level security shows to the platform only.
    app.execute("SET LOCAL ROLE steward_platform")
    for check, found in differences(app.cursor()):
        first = found[0] if found else None
        assert first is None, f"{check.label}: {first.what} has {first.found} instead of {first.expected}."  # noqa: S101
    return f"{len(CHECKS)} checks"


proofs.add(Proof("billing.ledger", _("The ledger balances, row by row"), _sound))
proofs.add(Proof("billing.documents", _("Every document ties to the ledger"), _ties))
