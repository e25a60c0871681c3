"""The root administrator: made at first start, protected afterwards, recovered from the host shell."""

from accounts import passwords
from accounts.models import User
from accounts.services.recoveries import factors_take
from accounts.services.sessions import sessions_end_all
from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing
from rbac import services as rbac_services
from rbac.models import Role


def root_ensure(*, actor: Actor, username: str, email: str, password: str = "") -> tuple[User, str | None]:
    """Make the root administrator if there is none: (user, one-time password), or (user, None) when it exists.

    The password is `password` or a random one; either way it must be changed at first sign-in. Event
    `accounts.root.created`. Only the system may.
    """
    _only_system(actor)
    existing = User.objects.filter(is_root=True).first()
    if existing is not None:
        return existing, None
    one_time = password or passwords.temporary()
    user = User(
        username=username.lower(), email=email, name="Root administrator", is_root=True, must_change_password=True
    )
    user.set_password(one_time)
    with writing():
        user.save()
        record("accounts.root.created", target=user)
        rbac_services.binding_grant(
            actor=actor,
            person_id=user.pk,
            role=Role.objects.get(catalogue="platform", code="super_admin"),
            reason="first start",
        )
    return user, one_time


def root_recover(*, actor: Actor) -> tuple[User, str, int]:
    """The last resort from the host shell: a new one-time password for the root administrator, its sessions ended, its
    second factors and passkeys gone. Returns the person, the password, and how many second factors there were.

    Critical event `accounts.root.recovered` and a mail. `NotFound` when there is no root administrator.
    """
    _only_system(actor)
    one_time = passwords.temporary()
    with writing():
        user = User.objects.select_for_update().filter(is_root=True).first()
        if user is None:
            raise errors.NotFound("There is no root administrator yet; `manage.py root ensure` makes one.")
        user.set_password(one_time)
        user.must_change_password = True
        user.save(update_fields=["password", "must_change_password"])
        ended, taken = sessions_end_all(user=user), factors_take(user=user)
        rbac_services.binding_grant(
            actor=actor,
            person_id=user.pk,
            role=Role.objects.get(catalogue="platform", code="super_admin"),
            reason="root recover",
        )
        data = {"sessions_ended": ended, "factors_removed": taken}
        record("accounts.root.recovered", target=user, changes={"password": ("", "")}, data=data)
        notify(user.pk, "security", "root_recovered", {"user": user, "factors": taken})
    return user, one_time, taken


def _only_system(actor: Actor) -> None:
    if actor.kind != "system":
        raise errors.Forbidden
