"""What happens to a written mail: claimed, sent, put off, given up, sent again; and addresses that refuse mail."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import clock, errors, jobs
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.lists.outcome import Outcome
from portal.kit.models import OutboundMessage, SuppressedAddress
from portal.kit.models.outbox import ERROR_LIMIT
from portal.kit.record import record, record_many
from portal.kit.services import writing

JOB = "home.send_mail"
PERMISSION = "installation:admin"
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480))
# A worker sends one mail in a fraction of this, even to a server that hangs; after it the mail is another worker's.
CLAIMED_FOR = timedelta(minutes=2)
State = OutboundMessage.State
Reason = SuppressedAddress.Reason


class MailNotSendable(errors.Conflict):
    """It cannot be sent now."""

    code = "kit.mail_not_sendable"
    title = gettext_lazy("That mail cannot be sent now")
    default_detail = gettext_lazy("It waits to be sent already. Look again in a minute.")


class NoMailServer(errors.Conflict):
    """The outbox is the delivery."""

    code = "kit.no_mail_server"
    title = gettext_lazy("No mail server is set up")
    default_detail = gettext_lazy("Mail is read on this page. Set STEWARD_MAIL, restart, then send it again.")


# --- Getting the worker to send ---


def sending_ask() -> None:
    """Have the worker send what waits, once the running transaction is committed; once, however many mails it writes.

    Should that be lost with the process, the beat finds the mail a second later (`sending_wake`).
    """
    connection = transaction.get_connection()
    if not any(hook[1] is _enqueue for hook in connection.run_on_commit):
        transaction.on_commit(_enqueue, robust=True)


def sending_wake() -> bool:
    """Have the worker send when a mail is due; asked by the beat at each turn. Returns whether one is."""
    if settings.STEWARD_MAIL == "outbox" or not _is_due():
        return False
    _enqueue()
    return True


def _is_due() -> bool:
    return OutboundMessage.objects.filter(state=State.QUEUED, next_at__lte=clock.now()).exists()


def _enqueue() -> None:
    # By the system: whoever causes a mail need not have the right to run the installation.
    jobs.enqueue(JOB, actor=Actor("system", None, "mail"), key="send")


# --- Sending, as the job does it ---

_CLAIM = """
UPDATE kit_outbound_message SET attempts = attempts + 1, next_at = %(until)s WHERE id = (
    SELECT id FROM kit_outbound_message WHERE state = 'queued' AND next_at <= %(now)s
    ORDER BY urgent DESC, next_at LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING *
"""


def mail_claim() -> OutboundMessage | None:
    """Take the next mail that is due, vital ones first; None without one. Two workers never get the same.

    It is taken for `CLAIMED_FOR`. If the worker dies before it says what happened, the mail is due again after that
    time: it may then arrive twice, under the same Message-ID, but is never lost.
    """
    now = clock.now()
    with writing():
        return next(iter(OutboundMessage.objects.raw(_CLAIM, {"now": now, "until": now + CLAIMED_FOR})), None)


def mail_sent(*, mail: OutboundMessage) -> bool:
    """It has left. False when the claim is no longer our own."""
    return _mark(mail, state=State.SENT, sent_at=clock.now(), error="")


def mail_postpone(*, mail: OutboundMessage, error: str) -> bool:
    """It may leave later: tried again after the next step of `BACK_OFF`, or given up. Returns whether it is tried again."""
    if mail.attempts > len(BACK_OFF):
        mail_fail(mail=mail, error=error)
        return False
    _mark(mail, error=error[:ERROR_LIMIT], next_at=clock.now() + BACK_OFF[mail.attempts - 1])
    return True


def mail_fail(*, mail: OutboundMessage, error: str) -> bool:
    """It will never leave by itself."""
    return _mark(mail, state=State.FAILED, error=error[:ERROR_LIMIT])


def mail_hold(*, mail: OutboundMessage, error: str) -> bool:
    """It is not sent, since its address takes no mail."""
    return _mark(mail, state=State.HELD, error=error[:ERROR_LIMIT])


def _mark(mail: OutboundMessage, **values: object) -> bool:
    # Whoever took the mail over meanwhile has counted another attempt; what it says counts then.
    with writing():
        held = OutboundMessage.objects.filter(pk=mail.pk, state=State.QUEUED, attempts=mail.attempts)
        return bool(held.update(**values))


# --- Sending again ---


def mail_resend(*, actor: Actor, mail: OutboundMessage) -> OutboundMessage:
    """Send a mail again that has left, failed, or never was to leave. Event `kit.mail.resent`.

    Errors: `Forbidden`, `NotFound` when it is gone, `NoMailServer`, `MailNotSendable` while it waits anyway.
    """
    authorise(actor, PERMISSION)
    if settings.STEWARD_MAIL == "outbox":
        raise NoMailServer
    with writing():
        row = OutboundMessage.objects.select_for_update().filter(pk=mail.pk).first()
        if row is None:
            raise errors.NotFound
        if row.state == State.QUEUED:
            raise MailNotSendable
        _requeue([row])
        record("kit.mail.resent", target=row)
    return row


def mails_resend_bulk(*, actor: Actor, ids: Sequence[UUID]) -> Outcome:
    """Send many mails again; one event `kit.mail.resent` each. Those that wait anyway are left alone, and all of them
    where no mail server is set up. `Forbidden`."""
    authorise(actor, PERMISSION)
    if settings.STEWARD_MAIL == "outbox":
        return Outcome((), tuple((each, str(NoMailServer.title)) for each in ids))
    with writing():
        rows = list(OutboundMessage.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        again = [row for row in rows if row.state != State.QUEUED]
        _requeue(again)
        record_many("kit.mail.resent", [(row, {}) for row in again])
    waiting = [(row.pk, _("It waits to be sent already.")) for row in rows if row not in again]
    return Outcome(tuple(row.pk for row in again), tuple(waiting))


def _requeue(rows: Sequence[OutboundMessage]) -> None:
    for row in rows:
        row.state, row.attempts, row.error = State.QUEUED, 0, ""
        row.queued_at = row.next_at = clock.now()
        row.resends += 1
    OutboundMessage.objects.bulk_update(rows, ["state", "attempts", "error", "queued_at", "next_at", "resends"])
    sending_ask()


# --- Addresses that take no mail ---


def address_suppress(*, address: str, reason: str, detail: str = "") -> bool:
    """Note that an address takes no mail. Event `kit.address.suppressed`; False when it was known already."""
    with writing():
        row, created = SuppressedAddress.objects.get_or_create(
            address=address.strip().lower(), defaults={"reason": reason, "detail": detail[:ERROR_LIMIT]}
        )
        if created:
            record("kit.address.suppressed", target=row, data={"reason": reason})
    return created


def address_is_suppressed(*, address: str) -> bool:
    """Whether an address takes no mail, as far as is known."""
    return SuppressedAddress.objects.filter(address=address.lower()).exists()


def addresses_lift_bulk(*, actor: Actor, ids: Sequence[UUID]) -> Outcome:
    """Write to addresses again; one event `kit.address.lifted` each. Mails that were held back stay so until they are
    sent again. `Forbidden`."""
    authorise(actor, PERMISSION)
    with writing():
        rows = list(SuppressedAddress.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        record_many("kit.address.lifted", [(row, {}) for row in rows])
        SuppressedAddress.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return Outcome(tuple(row.pk for row in rows))


def address_purge(*, address: str) -> int:
    """Forget an address, with its person; part of a service that records it. Returns how many rows went."""
    with writing():
        return SuppressedAddress.objects.filter(address=address.lower()).delete()[0]
