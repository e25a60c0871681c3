"""One role for many people at once: rule by rule as for one, the refused ones left alone with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from portal.kit.context import Actor
from portal.kit.errors import Forbidden, Invalid, StewardError
from portal.kit.record import record
from portal.kit.services import writing
from rbac.conditions import conditions_clean
from rbac.delegation import authorise_in
from rbac.errors import HeldAlready, NotAMember, OwnerDenied, SuperiorTouched
from rbac.holders import Holder
from rbac.models import Binding, Role, Scope
from rbac.services.access import access_give

MOST = 500  # People in one call.
# What concerns one person alone, raised before anything is written for it. All else is wrong for everybody.
ONES_OWN = (NotAMember, SuperiorTouched, OwnerDenied, HeldAlready)


@dataclass(frozen=True)
class Given:
    """What became of each: the bindings that were made, and the people who were left alone with the reason."""

    given: Sequence[Binding]
    skipped: Sequence[tuple[UUID, StewardError]]


def access_give_many(
    *,
    actor: Actor,
    people: Sequence[UUID],
    role: Role,
    scope: Scope,
    effect: str = "allow",
    expires_at: datetime | None = None,
    reason: str = "",
    conditions: Mapping[str, Any] | None = None,
) -> Given:
    """Give up to 500 people a role on a scope, or deny it to them. Events and mails as of `access_give`, for each.

    Left alone, with the reason: who is no active member, whom ranks above, owners who would be denied, holders of it. All
    else (a role that the actor may give to nobody, an end that has passed) refuses the whole; nothing is given then.
    """
    authorise_in(actor, "role:assign", scope)
    wanted = list(dict.fromkeys(people))
    if not 0 < len(wanted) <= MOST:
        raise Invalid(fields={"user_ids": [_("Name 1 to %(most)d people.") % {"most": MOST}]})
    given: list[Binding] = []
    skipped: list[tuple[UUID, StewardError]] = []
    with writing():
        checked = conditions_clean(dict(conditions) if conditions else None)
        for person_id in wanted:
            try:
                given.append(
                    access_give(
                        actor=actor,
                        holder=Holder(person_id=person_id),
                        role=role,
                        scope=scope,
                        effect=effect,
                        expires_at=expires_at,
                        reason=reason,
                        conditions=checked,
                    )
                )
            except ONES_OWN as error:
                skipped.append((person_id, error))
                _on_record(person_id, error)
    return Given(given, skipped)


def _on_record(person_id: UUID, error: StewardError) -> None:
    """A refusal by rule is on record as any denial, since nothing raises here that the edge could put there."""
    if isinstance(error, Forbidden):
        target = get_user_model()._default_manager.filter(pk=person_id).first()
        record("kit.access.denied", target=target, outcome="denied", reason=error.code)
