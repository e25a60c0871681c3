"""The daily mail of unread notices, for who asked for it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from portal.kit import clock
from portal.kit.models.notices import Channel, Notice, NotificationChoice
from portal.kit.notify import notify
from portal.kit.registry import Run

CATEGORY = "digest"
DAY = timedelta(days=1)
TITLES = 10
BATCH = 100  # People of one batch.


def send_digests(run: Run) -> Mapping[str, Any]:
    """Write one mail to each person who asked for it and has not read something of the last day.

    The cursor is the last person of a batch and commits with its mails: a run that starts again writes none twice.
    """
    since, written = clock.now() - DAY, 0
    while people := _readers(run.cursor):
        with run.batch():
            written += sum(digest_write(person_id=person_id, since=since) for person_id in people)
            run.cursor = str(people[-1])
            run.progress(written, None)
    return {"written": written}


def _readers(after: Any) -> list[UUID]:
    rows = NotificationChoice.objects.filter(
        category=CATEGORY, channel=Channel.MAIL, enabled=True, person__is_active=True
    ).order_by("person_id")
    if after is not None:
        rows = rows.filter(person_id__gt=UUID(str(after)))
    return list(rows.values_list("person_id", flat=True)[:BATCH])


def digest_write(*, person_id: UUID, since: Any) -> bool:
    """Write the mail of one person; False when there is nothing to tell. No event: each notice tells of something that
    has one."""
    unread = Notice.objects.filter(person_id=person_id, read_at=None, created_at__gte=since).order_by("-pk")
    titles = list(unread.values_list("title", flat=True)[:TITLES])
    if not titles:
        return False
    data = {
        "titles": [" ".join(title.split()) for title in titles],
        "more": unread.count() - len(titles),
        "url": f"{settings.STEWARD_PUBLIC_URL}/me/notifications?state=unread",
    }
    return notify(person_id, CATEGORY, "digest", data) is not None
