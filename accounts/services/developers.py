"""The developer account and the developer role: made inactive, given by itself, refused in production unless allowed.

What holds the rule is the end of each binding: in production one without an end counts for nothing (`rbac.counting`), and
an end is given only while a super administrator allows the role. So it stops at once, whoever looks away.
"""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from accounts import passwords
from accounts.errors import DeveloperRoleApart, DeveloperRoleRefused, Erased
from accounts.models import DeveloperWindow, User
from accounts.services.guards import guard
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Forbidden, Invalid
from portal.kit.notices import tell
from portal.kit.record import record
from portal.kit.services import writing
from rbac import services as rbac
from rbac.counting import BOUNDED, bounded_here, is_bounded
from rbac.models import INSTALLATION, Binding, Role
from rbac.selectors import holders_of

USERNAME = "dev"
EMAIL = "dev@steward.invalid"
HOURS, LONGEST_HOURS = 24, 72  # Policy: 24 hours by default.
RIGHT = "role:admin"  # No developer has it: the role inherits an administrator's, not a super administrator's.


def developer_role_apart(*, role: Role | None) -> None:
    """Raise `DeveloperRoleApart` for the developer role: it is never given together with others or in passing."""
    if role is not None and is_bounded(role):
        raise DeveloperRoleApart


def developer_ensure(*, actor: Actor) -> tuple[User, str | None]:
    """Make the developer account `dev` if nobody has that name: (user, one-time password), or (user, None).

    Inactive: an administrator has to activate it. It holds the developer role where that counts without an end. Only
    the system may. Event `accounts.developer.created`.
    """
    if actor.kind != "system":
        raise Forbidden
    existing = User.objects.filter(username=USERNAME).first()
    if existing is not None:
        return existing, None
    password = passwords.temporary()
    user = User(username=USERNAME, email=EMAIL, name="Developer", is_active=False, must_change_password=True)
    user.set_password(password)
    with writing():
        user.save(force_insert=True)
        record("accounts.developer.created", target=user, changes={"is_active": (None, False)})
        if not bounded_here():
            rbac.binding_grant(actor=actor, person_id=user.pk, role=_role(), reason="CREATE_DEV_USER")
    return user, password


def developer_role_give(*, actor: Actor, user: User, reason: str = "") -> None:
    """Give a person the developer role; in production until the end of the time for which it is allowed.

    Event `rbac.binding.granted`. `DeveloperRoleRefused` in production while it is not allowed; else as `role_give`.
    """
    authorise(actor, RIGHT, user)
    guard(actor, user)
    if user.erased_at is not None:
        raise Erased
    with writing():
        role = _role(lock=True)
        ends_at = None
        if bounded_here():
            window = _open()
            if window is None:
                raise DeveloperRoleRefused
            ends_at = window.ends_at
        rbac.binding_grant(actor=actor, person_id=user.pk, role=role, expires_at=ends_at, reason=reason)


def developer_role_allow(*, actor: Actor, reason: str, hours: int = HOURS) -> DeveloperWindow:
    """Let the developer role count in production for some hours from now; who holds it keeps it until then.

    Event `accounts.developer_role.allowed`, a notice to every super administrator and administrator. `Invalid` for more
    than 72 hours or no reason. Allowed again, the time begins anew.
    """
    authorise(actor, RIGHT)
    reason = reason.strip()
    wrong: dict[str, list[str]] = {}
    if not reason or len(reason) > 300:
        wrong["reason"] = [_("Say why, in at most 300 characters.")]
    if not 1 <= hours <= LONGEST_HOURS:
        wrong["hours"] = [_("Choose 1 to %(most)s hours.") % {"most": LONGEST_HOURS}]
    if wrong:
        raise Invalid(fields=wrong)
    now = clock.now()
    ends_at = now + timedelta(hours=hours)
    with writing():
        role = _role(lock=True)
        former = _close(now)
        window = DeveloperWindow.objects.create(allowed_by=actor.id, reason=reason, starts_at=now, ends_at=ends_at)
        if former is not None and former.ends_at > now:
            rbac.bindings_limit(role=role, expires_at=ends_at, reason=reason)
        rbac.stamp_bump(key=INSTALLATION)
        changes = {"ends_at": (None, ends_at)}
        record("accounts.developer_role.allowed", target=window, changes=changes, reason=reason, data={"hours": hours})
        tell(
            {*holders_of("super_admin"), *holders_of("admin")},
            category="security",
            title=_("The developer role is allowed in production"),
            text=_("By %(name)s, for %(hours)s hours. Reason: %(reason)s")
            % {"name": actor.label, "hours": hours, "reason": reason},
            url="/platform/developer-role",
            tone="warn",
        )
    return window


def developer_role_refuse(*, actor: Actor, reason: str = "") -> bool:
    """Refuse the developer role in production again, before its time: who holds it only until then loses it at once.

    Events `accounts.developer_role.refused` and `rbac.binding.revoked`. Returns whether it was allowed.
    """
    authorise(actor, RIGHT)
    now = clock.now()
    with writing():
        role = _role(lock=True)
        window = _close(now)
        if window is None or window.ends_at <= now:
            return False
        rows = Binding.objects.filter(role=role, scope_id=INSTALLATION, expires_at__gt=now).order_by("pk")
        for person_id in list(rows.values_list("user_id", flat=True)):
            rbac.binding_take(person_id=person_id, role=role, scope_id=INSTALLATION, reason=reason)
        rbac.stamp_bump(key=INSTALLATION)
        changes = {"ended_at": (None, now)}
        record("accounts.developer_role.refused", target=window, changes=changes, reason=reason)
    return True


def _role(*, lock: bool = False) -> Role:
    """The role; locked, so that nobody is given it while the time for which it is allowed changes."""
    rows = Role.objects.select_for_update() if lock else Role.objects.all()
    catalogue, code = BOUNDED
    return rows.get(catalogue=catalogue, code=code)


def _open() -> DeveloperWindow | None:
    return DeveloperWindow.objects.filter(ended_at=None, ends_at__gt=clock.now()).first()


def _close(now: datetime) -> DeveloperWindow | None:
    """End the time that nobody has ended yet, and return it; None when there is none."""
    window = DeveloperWindow.objects.select_for_update().filter(ended_at=None).first()
    if window is not None:
        window.ended_at = now
        window.save(update_fields=["ended_at"])
    return window
