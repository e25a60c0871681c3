"""The wall between organisations, as the database keeps it (row-level security).

A transaction is behind one of three walls. With an organisation, the application sees that organisation's rows; as the
platform, it has entered the role `steward_platform` and sees all; with neither, it sees no tenant's rows at all. The
request's transaction learns its wall from the address and the gate; jobs and commands open theirs here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from django.db import connection, transaction

from portal.kit import context
from portal.kit.postgres.base import Wall, ours


def wall() -> Wall:
    """The wall that belongs to who acts now."""
    now = context.current()
    if now is None:
        return Wall()
    return Wall(now.actor.organisation_id, now.platform)


@contextmanager
def behind_the_wall(*, marked: bool = False) -> Iterator[None]:
    """One transaction behind the wall of who acts, for jobs and commands; a savepoint where one is open already.

    What reads or writes rows of organisations outside a request does it in here: without a transaction there is no
    wall to stand behind, and the database shows nothing. `marked` is for `writing()`: it costs nothing with a BEGIN, and
    a statement in a transaction that is open.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            if marked:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT set_config('steward.write', pg_current_xact_id()::text, true)")
            yield
        return
    later = ours().transaction_later(wall(), marked=marked)
    with later:
        later.open()
        yield


@contextmanager
def reading(organisation_id: UUID) -> Iterator[None]:
    """Read inside an organisation for the block: what is one's own there, on a page that names none."""
    with behind_the_wall(), within(organisation_id):
        yield


@contextmanager
def within(organisation_id: UUID) -> Iterator[None]:
    """Stand in an organisation for the block, in the open transaction: for somebody whom a token or an own membership
    lets in before the address names it (an invitation, leaving). Events of the block belong to that organisation."""
    now = context.current()
    if now is None:
        raise RuntimeError("Nobody is acting: enter an organisation inside a request, a job or a command.")
    with context.acting(replace(now.actor, organisation_id=organisation_id)), ours().walled(organisation_id):
        yield
