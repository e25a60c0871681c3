"""Starting a clean-up that somebody has looked at."""

from uuid import UUID

from maintenance import cleaning
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.jobs import enqueue

RIGHT = "cleanup:execute"


def cleanup_start(*, actor: Actor, name: str, token: str, word: str = "") -> UUID:
    """Queue the confirmed preview of a clean-up, a kind or all; the run's id. Event `maintenance.run.queued`.

    Twice at once is one run. `PreviewStale` for a token that is not of just this preview, `NotConfirmed` where a name
    has to be typed.
    """
    authorise(actor, RIGHT)
    args = cleaning.confirmed(actor=actor, name=name, token=token, word=word)
    return enqueue(cleaning.JOB, actor=actor, args=args, key=f"cleanup {name}")


def cleanup_start_by_name(*, actor: Actor, name: str, hours: int | None) -> UUID:
    """Queue a kind of clean-ups that was confirmed by writing its name, as a program does. Event `maintenance.run.queued`.

    What goes is what is older than `hours` (None: than is set) at this moment. `Invalid` below a floor.
    """
    authorise(actor, RIGHT)
    token = cleaning.overview(actor=actor, name=name, hours=hours).token
    args = cleaning.confirmed(actor=actor, name=name, token=token, word=name)
    return enqueue(cleaning.JOB, actor=actor, args=args, key=f"cleanup {name}")
