"""Telling the members of an organisation what became of it: one run of a job over all of them, batch by batch."""

from uuid import UUID

from accounts.models import Membership, Organisation
from portal.kit import jobs
from portal.kit.context import Actor
from portal.kit.notify import notify
from portal.kit.services import writing

JOB = "accounts.tell_members"
BATCH = 200


def members_tell_later(*, actor: Actor, organisation: Organisation) -> UUID:
    """Queue the mails about the state that the organisation has now; part of the service that changed it. The run's id."""
    args = {"organisation": str(organisation.pk), "state": organisation.state, "by": str(actor.id or "")}
    return jobs.enqueue(JOB, actor=actor, args=args, key=f"{organisation.pk} {organisation.state}")


def members_tell(*, organisation_id: UUID, state: str, by: str, after: UUID | None) -> tuple[UUID | None, int]:
    """Write the mails of the next members: (where to go on, or None at the end; how many were written).

    To active members who can sign in, but not to who did it. Part of the job, whose batch it is.
    """
    rows = Membership.objects.select_related("user", "organisation").filter(organisation_id=organisation_id)
    rows = rows.filter(state=Membership.State.ACTIVE, user__is_active=True)
    found = list((rows if after is None else rows.filter(pk__gt=after)).order_by("pk")[:BATCH])
    told = 0
    with writing():
        for membership in found:
            if str(membership.user_id) == by:
                continue
            data = {"user": membership.user, "organisation": membership.organisation.name, "state": state}
            told += notify(membership.user_id, "organisation", "organisation_state", data) is not None
    return (found[-1].pk if len(found) == BATCH else None), told
