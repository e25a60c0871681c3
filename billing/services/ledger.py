"""Journals by hand, and closing the books. Everything else is posted by the service that writes its document."""

from collections.abc import Sequence
from datetime import datetime

import orjson
from django.db import connection

from billing.errors.ledger import ClosesTheFuture
from billing.ledger import Line, Posted, Posting, post, reverse
from billing.ledger.faults import refusals
from billing.models import Closing, Journal
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.ids import uuid7
from portal.kit.record import record
from portal.kit.services import writing


def journal_post(
    *, actor: Actor, key: str, event_at: datetime, description: str, lines: Sequence[Line], reason: str = ""
) -> Journal:
    """Post a journal by hand (`ledger:admin`). Event `billing.journal.posted`; none when the key was posted before.

    Errors as `billing.ledger.post`.
    """
    authorise(actor, "ledger:admin")
    with writing():
        done = post(
            Posting(key=f"manual:{key}", event_at=event_at, kind="manual", description=description, lines=lines)
        )
        return _told(done, "billing.journal.posted", reason)


def journal_reverse(*, actor: Actor, journal: Journal, event_at: datetime, reason: str) -> Journal:
    """Post the journal that takes `journal` back (`ledger:admin`); once. Event `billing.journal.reversed`.

    `ReversedAlready`, `PeriodClosed`, `Overdrawn`.
    """
    authorise(actor, "ledger:admin")
    with writing():
        done = reverse(journal.pk, key=f"reversal:{uuid7()}", event_at=event_at, description=reason)
        return _told(done, "billing.journal.reversed", reason)


def _told(done: Posted, code: str, reason: str) -> Journal:
    made = Journal.objects.get(pk=done.journal_id)
    if done.created:
        record(code, target=made, reason=reason, data={"kind": made.kind, "event_at": made.event_at.isoformat()})
    return made


def period_close(*, actor: Actor, until: datetime, reason: str, sandbox: bool = False) -> Closing:
    """Let nothing be posted any more to what lies before `until` (`ledger:admin`). Waits for postings that are under way.

    Event `billing.period.closed`. `ClosesTheFuture`, `ClosedAlready`.
    """
    if until > clock.now():
        raise ClosesTheFuture
    return _close(actor, until, reason, sandbox, "billing.period.closed")


def period_reopen(*, actor: Actor, until: datetime, reason: str, sandbox: bool = False) -> Closing:
    """Open the books again from `until` on (`ledger:admin`). Event `billing.period.reopened`. `NotClosed`."""
    return _close(actor, until, reason, sandbox, "billing.period.reopened")


def _close(actor: Actor, until: datetime, reason: str, sandbox: bool, code: str) -> Closing:
    authorise(actor, "ledger:admin")
    key = uuid7()
    sent = {
        "id": key,
        "sandbox": sandbox,
        "until": until,
        "reopens": code == "billing.period.reopened",
        "reason": reason[:200],
        "by": actor.id,
        "label": actor.label[:150],
        "recorded_at": clock.now(),
    }
    with writing(), refusals():
        with connection.cursor() as cursor:
            cursor.execute("SELECT billing_ledger_close(%s::jsonb)", [orjson.dumps(sent).decode()])
        closing = Closing.objects.get(pk=key)
        record(code, target=closing, reason=reason, data={"sandbox": sandbox, "until": until.isoformat()})
    return closing
