"""The job that sends: one run for all mails that are due, one mail at a time, in no transaction while a server is asked."""

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit import decision, notices
from portal.kit.jobs import Again
from portal.kit.mail import services
from portal.kit.mail.delivery import Meaning, NotSent, Post
from portal.kit.models import OutboundMessage
from portal.kit.models.notices import Tone
from portal.kit.notices import selectors
from portal.kit.notices.categories import categories
from portal.kit.registry import Run

log = logging.getLogger("steward.mail")
AWAY_LIMIT = 3  # Failures in a row that say that nothing is taken: the others would only wait for the same.
PAUSE = timedelta(minutes=1)
TOLD_LIMIT = 200  # Administrators who are told of mails that failed.
SENT, FAILED, HELD, LATER = "sent", "failed", "held", "later"


def send_mails(run: Run) -> Mapping[str, Any]:
    """Send every mail that is due. Idempotent: each mail is claimed by itself, and its row says where it stands.

    After `AWAY_LIMIT` failures in a row to reach the mail server the run goes back into the queue for `PAUSE`, and
    since there is one such run only, nobody asks the server meanwhile.
    """
    done: Counter[str] = Counter()
    if settings.STEWARD_MAIL == "outbox":
        return {}
    away = 0
    try:
        with Post() as post:
            while (mail := services.mail_claim()) is not None:
                outcome, reached = _attempt(post, mail)
                done[outcome] += 1
                away = 0 if reached else away + 1
                with run.batch():
                    run.cursor = sum(done.values())
                    run.progress(run.cursor, None)
                if away >= AWAY_LIMIT:
                    run.log(_("The mail server takes nothing now. Trying again in a minute."))
                    raise Again(PAUSE)
    finally:
        if done[FAILED]:
            administrators_tell(number=done[FAILED])
    run.log(_("Sent: %(sent)s. Failed: %(failed)s.") % {"sent": done[SENT], "failed": done[FAILED]})
    return dict(done)


def _attempt(post: Post, mail: OutboundMessage) -> tuple[str, bool]:
    """Send one mail and say so in its row: what became of it, and whether the mail server takes any."""
    if mail.attempts > len(services.BACK_OFF) + 1:
        services.mail_fail(mail=mail, error="Its worker died at every attempt. Look at the worker's log.")
        return FAILED, True
    vital = mail.category in categories and categories.get(mail.category).vital
    if not vital and services.address_is_suppressed(address=mail.address):
        services.mail_hold(mail=mail, error="Its address has refused mail before. Lift that, then send it again.")
        return HELD, True
    try:
        post.send(mail)
    except NotSent as failure:
        log.warning("Mail %s has not left (%s): %s", mail.pk, failure.meaning, failure.told)
        return _not_sent(mail, failure), failure.meaning != Meaning.AWAY
    services.mail_sent(mail=mail)
    return SENT, True


def _not_sent(mail: OutboundMessage, failure: NotSent) -> str:
    if failure.meaning in {Meaning.ADDRESS, Meaning.REFUSED}:
        services.mail_fail(mail=mail, error=failure.told)
        if failure.meaning == Meaning.ADDRESS:
            services.address_suppress(address=mail.address, reason=services.Reason.REFUSED, detail=failure.told)
        return FAILED
    return LATER if services.mail_postpone(mail=mail, error=failure.told) else FAILED


def administrators_tell(*, number: int) -> int:
    """Tell whoever runs the installation that mails failed, unless it has not read of the last ones yet; returns how many."""
    holders = decision.list_subjects(services.PERMISSION, limit=TOLD_LIMIT).items
    people = {subject.person_id for subject in holders} - selectors.unread_of("mail")
    title = ngettext("%(n)s mail could not be delivered", "%(n)s mails could not be delivered", number)
    return notices.tell(
        people,
        category="mail",
        tone=Tone.BAD,
        title=title % {"n": number},
        text=_("The outbox says why, and can send them again."),
        url="/platform/outbox?state=failed",
    )
