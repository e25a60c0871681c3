"""A role for many members at once, from the list of members."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import MemberInactive, Outranked
from accounts.models import Membership
from accounts.services.memberships import membership_role_set
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import Forbidden, Invalid, StewardError
from portal.kit.lists import Outcome
from portal.kit.record import record
from portal.kit.services import writing
from rbac import access_selectors
from rbac import services as rbac
from rbac.errors import LastOwner
from rbac.models import Role, Scope


def members_role_give_bulk(
    *,
    actor: Actor,
    ids: Sequence[UUID],
    role: UUID,
    place: UUID | None = None,
    days: int | None = None,
    reason: str = "",
) -> Outcome:
    """Give members, named by their memberships, a role: in the whole organisation or on a part of it, for so many days or
    for good. A ready-made role in the whole for good takes the place of the one they have.

    Events and mails as of `access_give` or `membership_role_set`, for each. Left alone, with the reason, is whom the
    rules for one refuse; a role that the actor may give to nobody refuses the whole.
    """
    wanted = access_selectors.role_here(actor, role)
    scope = access_selectors.scope_here(actor, place, "role:assign")
    rows = Membership.objects.visible_to(actor, "member:read").select_related("user", "organisation")
    found = {row.pk: row for row in rows.filter(pk__in=ids)}
    gone = [(key, _("Not there any more.")) for key in ids if key not in found]
    if wanted.catalogue == "organisation" and scope.kind == Scope.Kind.ORGANISATION and days is None:
        return Outcome((), tuple(gone)) + _changed(actor, list(found.values()), wanted, reason)
    by_person = {row.user_id: row.pk for row in found.values()}
    if not by_person:
        return Outcome((), tuple(gone))
    if days is not None and not 1 <= days <= 366:
        raise Invalid(fields={"days": [_("Choose one of the offered values.")]})
    outcome = rbac.access_give_many(
        actor=actor,
        people=list(by_person),
        role=wanted,
        scope=scope,
        expires_at=clock.now() + timedelta(days=days) if days else None,
        reason=reason,
    )
    skipped = [(by_person[person], str(error.title)) for person, error in outcome.skipped]
    done = [by_person[row.user_id] for row in outcome.given if row.user_id is not None]
    return Outcome(tuple(done), (*gone, *skipped))


def _changed(actor: Actor, rows: Sequence[Membership], role: Role, reason: str) -> Outcome:
    """The lasting role of members, changed for each."""
    done: list[UUID] = []
    skipped: list[tuple[UUID, str]] = []
    with writing():
        for row in sorted(rows, key=lambda one: one.pk):
            try:
                # The last owner is found out only when the old role goes.
                with transaction.atomic():
                    changed = membership_role_set(actor=actor, membership=row, role=role, reason=reason)
            except (Outranked, MemberInactive, LastOwner) as error:
                skipped.append((row.pk, _told(row, error)))
                continue
            if changed:
                done.append(row.pk)
            else:
                skipped.append((row.pk, _("Holds this role already.")))
    return Outcome(tuple(done), tuple(skipped))


def _told(row: Membership, error: StewardError) -> str:
    if isinstance(error, Forbidden):
        record("kit.access.denied", target=row, outcome="denied", reason=error.code)
    return str(error.title)
