"""What is done to many people at once: rule by rule as for one, the refused ones left alone with the reason.

Each call is one transaction. A refusal by rule (root administrator, rank) is on record as any denial, since nothing
raises here that the edge could put there.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.errors import Erased, NotYourself, RootProtected
from accounts.models import User
from accounts.services.developers import developer_role_apart
from accounts.services.guards import BulkGuard, owners_kept
from portal.kit import context
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Forbidden, Invalid, StewardError
from portal.kit.lists import Outcome
from portal.kit.record import record, record_many
from portal.kit.services import writing
from rbac import selectors as rbac
from rbac import services as rbac_services
from rbac.errors import LastAdministrator, LastOwner
from rbac.models import Binding, Role


def users_activate_bulk(*, actor: Actor, ids: Sequence[UUID], reason: str = "", role: Role | None = None) -> Outcome:
    """Let people in again; one event `accounts.user.activated` each. Who is active already is left alone."""
    return _set_active(actor, ids, active=True, reason=reason)


def users_deactivate_bulk(*, actor: Actor, ids: Sequence[UUID], reason: str = "", role: Role | None = None) -> Outcome:
    """Shut people out; one event `accounts.user.deactivated` each.

    Left alone, with the reason: the root administrator, oneself, whom ranks above, the last super administrator, the
    last active owner of an organisation.
    """
    return _set_active(actor, ids, active=False, reason=reason)


def roles_give_bulk(*, actor: Actor, ids: Sequence[UUID], reason: str = "", role: Role | None = None) -> Outcome:
    """Give people a role of the installation; one event `rbac.binding.granted` each. Holders of it are left alone.

    `CannotDelegate` for a role that the actor may give to nobody, `Invalid` without a role.
    """
    wanted = _role(role)
    developer_role_apart(role=wanted)

    def give(user: User) -> None:
        rbac_services.binding_grant(actor=actor, person_id=user.pk, role=wanted, reason=reason)

    return _change_role(actor, ids, wanted, give, held=False)


def roles_take_bulk(*, actor: Actor, ids: Sequence[UUID], reason: str = "", role: Role | None = None) -> Outcome:
    """Take a role of the installation from people; one event `rbac.binding.revoked` each.

    Left alone, with the reason: the root administrator, whom ranks above, the last super administrator, who lacks it.
    `CannotDelegate` for a role that the actor may take from nobody, `Invalid` without a role.
    """
    wanted = _role(role)

    def take(user: User) -> None:
        if user.is_root and actor.kind != "system":
            raise RootProtected
        rbac_services.binding_revoke(actor=actor, person_id=user.pk, role=wanted, reason=reason)

    return _change_role(actor, ids, wanted, take, held=True)


def _role(role: Role | None) -> Role:
    if role is None:
        raise Invalid(fields={"role": [_("Choose a role.")]})
    return role


def _set_active(actor: Actor, ids: Sequence[UUID], *, active: bool, reason: str) -> Outcome:
    authorise(actor, "user:admin")
    with writing():
        if not active:
            rbac_services.administrators_lock()
        administrators = set() if active else set(rbac.holders_of("super_admin"))
        people, skipped = _locked(ids)
        guard = BulkGuard(actor, people)
        owners = set() if active else _owners(people)
        changed: list[User] = []
        for user in people:
            why = _why_not(actor, guard, user, active=active, administrators=administrators)
            if why is None and user.pk in owners:
                why = _last_owner([*changed, user])
            if why is None:
                changed.append(user)
                administrators.discard(user.pk)
            else:
                skipped.append((user.pk, _told(user, why)))
        done = [user.pk for user in changed]
        User.objects.filter(pk__in=done).update(is_active=active)
        for key in done:
            rbac_services.stamp_bump(key=key)
        code = "accounts.user.activated" if active else "accounts.user.deactivated"
        with _because(reason):
            record_many(code, [(user, {"is_active": (not active, active)}) for user in changed])
    return Outcome(tuple(done), tuple(skipped))


def _why_not(
    actor: Actor, guard: BulkGuard, user: User, *, active: bool, administrators: set[UUID]
) -> StewardError | str | None:
    if user.erased_at is not None:
        return Erased()
    if user.is_active == active:
        return _("Active already.") if active else _("Inactive already.")
    if not active and actor.id == user.pk:
        return NotYourself()
    refusal = guard.refusal(user)
    if refusal is not None:
        return refusal
    return LastAdministrator() if administrators == {user.pk} else None


def _owners(people: Sequence[User]) -> set[UUID]:
    """Who of them owns an organisation; the others need not be asked about one by one."""
    rows = Binding.objects.filter(user__in=people, role__catalogue="organisation", role__code="owner")
    return set(rows.values_list("user_id", flat=True))


def _last_owner(gone: Sequence[User]) -> StewardError | None:
    try:
        owners_kept(people=[user.pk for user in gone])
    except LastOwner as error:
        return error
    return None


def _change_role(
    actor: Actor, ids: Sequence[UUID], role: Role, change: Callable[[User], None], *, held: bool
) -> Outcome:
    authorise(actor, "role:admin")
    done: list[UUID] = []
    with writing():
        people, skipped = _locked(ids)
        holders = set(
            role.bindings.filter(user__in=people, scope__kind="installation").values_list("user_id", flat=True)
        )
        guard = BulkGuard(actor, people)
        for user in people:
            why = _why_not_role(guard, user, has=user.pk in holders, held=held)
            if why is None:
                try:
                    change(user)
                except (RootProtected, LastAdministrator) as error:  # Both are raised before anything is written.
                    why = error
            if why is None:
                done.append(user.pk)
            else:
                skipped.append((user.pk, _told(user, why)))
    return Outcome(tuple(done), tuple(skipped))


def _why_not_role(guard: BulkGuard, user: User, *, has: bool, held: bool) -> StewardError | str | None:
    if user.erased_at is not None:
        return Erased()
    if has != held:
        return _("Does not hold this role.") if held else _("Holds this role already.")
    return guard.refusal(user)


def _locked(ids: Sequence[UUID]) -> tuple[list[User], list[tuple[UUID, str]]]:
    """The people of `ids`, locked in one order for everybody, and those who are not there."""
    people = list(User.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    found = {user.pk for user in people}
    return people, [(key, _("Not there any more.")) for key in dict.fromkeys(ids) if key not in found]


def _told(user: User, why: StewardError | str) -> str:
    """The sentence of a refusal; a forbidden one goes on record."""
    if isinstance(why, str):
        return why
    if isinstance(why, Forbidden):
        record("kit.access.denied", target=user, outcome="denied", reason=why.code)
    return str(why.title)


@contextmanager
def _because(reason: str) -> Iterator[None]:
    """Put `reason` on every event of the block."""
    current = context.current()
    if current is None or not reason:
        yield
        return
    with context.use(replace(current, reason=reason)):
        yield
