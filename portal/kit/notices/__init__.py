"""The notification centre: what happened that a person should know, behind the bell of every page.

`tell` writes in the running transaction, so a notice commits or vanishes with what it tells of.
"""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth import get_user_model
from django.utils.http import url_has_allowed_host_and_scheme

from portal.kit.models.notices import TEXT_LIMIT, TITLE_LIMIT, Channel, Notice, Tone
from portal.kit.notices.choices import wanted
from portal.kit.services import writing


def tell(
    people: Iterable[UUID],
    *,
    category: str,
    title: str,
    text: str = "",
    url: str = "",
    tone: str = Tone.INFO,
) -> int:
    """Tell each of `people` once; returns how many notices were written. Three statements, whatever the number.

    `title` and `text` are sentences in the person's words, `url` a path of this console. Who no longer exists is left
    out (a job may end after its starter has gone), and so is who does not want to be told of this `category` there.
    No event: what the notice tells of has one.
    """
    if url and not _own_path(url):
        raise ValueError(f"A notice leads into this console: {url!r} is not a path of it.")
    if tone not in Tone.values:
        raise ValueError(f"The tone of a notice is one of {', '.join(Tone.values)}, not {tone!r}.")
    told = wanted(people, category, Channel.BELL)
    known = get_user_model()._default_manager.filter(pk__in=told).order_by("pk").values_list("pk", flat=True)
    with writing():
        rows = [
            Notice(
                person_id=person_id,
                category=category,
                title=title[:TITLE_LIMIT],
                text=text[:TEXT_LIMIT],
                url=url,
                tone=tone,
            )
            for person_id in known
        ]
        return len(Notice.objects.bulk_create(rows))


def _own_path(url: str) -> bool:
    return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
