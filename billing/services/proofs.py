"""Proving that every document ties to the ledger, and telling of it when one does not."""

from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from billing.ledger.checks import ask
from billing.models import ProofRun
from billing.proof import differences
from portal.kit import clock, jobs
from portal.kit.context import Actor
from portal.kit.decision import authorise, list_subjects
from portal.kit.notices import tell
from portal.kit.record import record
from portal.kit.services import writing

JOB = "billing.prove"
LEDGER = "ledger"  # The name of what the ledger's own check found.
FIRST = 20  # Differences that are kept of a check; the number is of all.
TOLD_LIMIT = 200


def proof_start(*, actor: Actor) -> UUID:
    """Ask for a proof now (`ledger:admin`); while one is under way, it is that one. Event `maintenance.run.queued`."""
    authorise(actor, "ledger:admin")
    with writing():
        return jobs.enqueue(JOB, actor=actor, key="proof")


def proof_run(*, actor: Actor) -> ProofRun:
    """Compare, and keep what came of it (`ledger:admin`); part of the job, which reads as the platform.

    Where something differs: event `billing.proof.broken`, and a notice to whom may put the books right.
    """
    authorise(actor, "ledger:admin")
    began = clock.now()
    with writing(), connection.cursor() as cursor:
        results: list[dict[str, Any]] = [
            {
                "name": check.name,
                "number": len(found),
                "first": [[one.what, one.expected, one.found] for one in found[:FIRST]],
            }
            for check, found in differences(cursor)
        ]
        results.append(_ledger(cursor))
        wrong = sum(int(one["number"]) for one in results)
        made = ProofRun.objects.create(started_at=began, ended_at=clock.now(), wrong=wrong, results=results)
        if wrong:
            checks = [str(one["name"]) for one in results if one["number"]]
            record("billing.proof.broken", target=made, outcome="failed", data={"differences": wrong, "checks": checks})
            tell(
                [one.person_id for one in list_subjects("ledger:admin", limit=TOLD_LIMIT).items],
                category="books",
                tone="bad",
                title=_("Documents and ledger differ"),
                text=_("The proof of the books found something. See what, before more is booked."),
                url="/platform/ledger/proof",
            )
    return made


def _ledger(cursor: Any) -> dict[str, Any]:
    def number_of(query: str) -> int:
        cursor.execute(query)
        return int(cursor.fetchone()[0])

    found = ask(number_of)
    return {
        "name": LEDGER,
        "number": sum(number for _text, number in found),
        "first": [[str(t), 0, n] for t, n in found],
    }
