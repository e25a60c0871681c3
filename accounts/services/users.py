"""Creating and changing people."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import passwords, rules
from accounts.errors import Erased, NotYourself
from accounts.lockout import locks_clear
from accounts.models import User
from accounts.services.addresses import address_replaced
from accounts.services.developers import developer_role_apart
from accounts.services.guards import guard, owners_kept
from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import diff, record, record_many
from portal.kit.services import writing
from rbac import selectors as rbac
from rbac import services as rbac_services
from rbac.errors import LastAdministrator
from rbac.models import Role

EDITABLE = rules.FIELDS


def user_create(*, actor: Actor, name: str, username: str, email: str, role: Role | None = None) -> tuple[User, str]:
    """Create a person with a temporary password (returned, shown once) and optionally a role of the installation.

    Events `accounts.user.created` and, with a role, `rbac.binding.granted`. `Invalid` names taken or malformed fields.
    """
    authorise(actor, "user:admin")
    developer_role_apart(role=role)
    password = passwords.temporary()
    email = rules.normalised("email", email)
    user = User(name=name.strip(), username=username.strip().lower(), email=email, must_change_password=True)
    user.set_password(password)
    with writing():
        _save(user)
        record(
            "accounts.user.created", target=user, changes={field: (None, getattr(user, field)) for field in EDITABLE}
        )
        if role is not None:
            rbac_services.binding_grant(actor=actor, person_id=user.pk, role=role)
    return user, password


def user_update(*, actor: Actor, user: User, values: dict[str, Any]) -> User:
    """Change name, user name or e-mail address. Event `accounts.user.updated`; none when all is as it was.

    Another address is not verified: both are mailed, and links to the old one die (`address_replaced`).
    """
    authorise(actor, "user:update", user)
    guard(actor, user)
    unknown = set(values) - set(EDITABLE)
    if unknown:
        raise errors.Invalid(fields={name: [_("This cannot be changed here.")] for name in sorted(unknown)})
    clean = {name: str(value).strip() for name, value in values.items()}
    if "username" in clean:
        clean["username"] = clean["username"].lower()
    if "email" in clean:
        clean["email"] = rules.normalised("email", clean["email"])
    with writing():
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.erased_at is not None:
            raise Erased
        changes = diff(user, clean)
        if not changes:
            return user
        for field, (_before, after) in changes.items():
            setattr(user, field, after)
        _save(user, update_fields=list(changes))
        record("accounts.user.updated", target=user, changes=changes)
        if "email" in changes:
            address_replaced(user=user, before=changes["email"][0])
    return user


def user_activate(*, actor: Actor, user: User) -> User:
    """Let a person in again. Event `accounts.user.activated`; nothing when it is active already."""
    return _set_active(actor, user, active=True)


def user_deactivate(*, actor: Actor, user: User, reason: str = "") -> User:
    """Shut a person out: its next request sees the inactive page only. Event `accounts.user.deactivated`.

    Refused for the root administrator, oneself, whom ranks above, the last super administrator and the last active
    owner of an organisation.
    """
    if actor.id == user.pk:
        authorise(actor, "user:admin", user)
        raise NotYourself
    return _set_active(actor, user, active=False, reason=reason)


def user_unlock(*, actor: Actor, user: User) -> bool:
    """Let a person try to sign in again at once. Event `accounts.user.unlocked`; returns whether anything was locked.

    Its failures from all addresses are forgotten; those of an address as such, with whatever accounts, stay counted.
    """
    authorise(actor, "user:admin", user)
    guard(actor, user)
    with writing():
        opened = locks_clear(user.pk)
        if opened:
            record("accounts.user.unlocked", target=user, data={"locks": opened})
    return bool(opened)


def _set_active(actor: Actor, user: User, *, active: bool, reason: str = "") -> User:
    authorise(actor, "user:admin", user)
    guard(actor, user)
    with writing():
        if not active:
            rbac_services.administrators_lock()
            if rbac.holders_of("super_admin") == [user.pk]:
                raise LastAdministrator
            owners_kept(people=[user.pk])
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.erased_at is not None:
            raise Erased
        if user.is_active == active:
            return user
        user.is_active = active
        user.save(update_fields=["is_active"])
        rbac_services.stamp_bump(key=user.pk)
        code = "accounts.user.activated" if active else "accounts.user.deactivated"
        record(code, target=user, changes={"is_active": (not active, active)}, reason=reason)
    return user


def users_create_bulk(*, actor: Actor, rows: Sequence[tuple[str, str, str]]) -> list[User]:
    """Create many people (name, username, email), all or none, without passwords: an administrator issues one to each.

    One event `accounts.user.created` per person. `Conflict` when somebody took a user name or address meanwhile.
    """
    authorise(actor, "user:admin")
    people = [
        User(name=name, username=username, email=email, must_change_password=True) for name, username, email in rows
    ]
    for user in people:
        user.set_unusable_password()
    with writing():
        try:
            with transaction.atomic():
                User.objects.bulk_create(people, batch_size=1000)
        except IntegrityError as error:
            raise errors.Conflict(
                _("Somebody with one of these user names or addresses was created meanwhile; upload the file again.")
            ) from error
        record_many(
            "accounts.user.created",
            [(user, {field: (None, getattr(user, field)) for field in EDITABLE}) for user in people],
        )
    return people


def _save(user: User, *, update_fields: list[str] | None = None) -> None:
    """Validate and save; every reason for a refusal comes back by field, also one that only the database saw."""
    unreadable = [field for field in EDITABLE if rules.INVISIBLE.search(getattr(user, field))]
    if unreadable:
        raise errors.Invalid(fields={field: [rules.reason_text("invisible")] for field in unreadable})
    if (update_fields is None or "email" in update_fields) and rules.problem("email", user.email) == "look_alike":
        raise errors.Invalid(fields={"email": [rules.reason_text("look_alike")]})
    try:
        user.full_clean(exclude={field.name for field in User._meta.fields} - set(EDITABLE))
    except ValidationError as error:
        raise errors.Invalid(fields=_by_field(error)) from error
    try:
        with transaction.atomic():
            user.save(update_fields=update_fields)
    except IntegrityError as error:
        field = "email" if "accounts_user_email" in str(error) else "username"
        raise errors.Invalid(fields={field: [_("Somebody has this already.")]}) from error


def _by_field(error: ValidationError) -> dict[str, list[str]]:
    found = {name: texts for name, texts in error.message_dict.items() if name != "__all__"}
    if not found or "__all__" in error.message_dict:
        # A constraint over an expression has no field of its own; the only one a form can break is the address.
        found.setdefault("email", [_("Somebody has this already.")])
    return found
