"""Making and changing service accounts: machines that act for an organisation and never sign in."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import rules
from accounts.errors import Erased
from accounts.models import Membership, Organisation, ServiceAccount, User, username_validator
from accounts.organisation_guards import guard_member, held_roles, locked_organisation
from accounts.services.keys import keys_end
from accounts.services.memberships import membership_put, membership_role_set
from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from rbac import services as rbac
from rbac.errors import CannotDelegate
from rbac.models import Role
from rbac.selectors import OWNER
from rbac.standing import standing_on

EDITABLE = ("name", "description")
HANDLE_LIMIT = 19  # Characters of the own part of a user name; the organisation's short name follows it.


def service_account_create(
    *, actor: Actor, organisation: Organisation, name: str, handle: str, role: Role, description: str = ""
) -> ServiceAccount:
    """Make a service account with a role of the organisation. It has no password and no address, and never signs in.

    Needs `apikey:admin` there, and the right to give the role. Its user name is `handle`, a dot and the organisation's
    short name. Events `accounts.service_account.created`, `accounts.membership.added`, `rbac.binding.granted`.
    `Invalid` with fields, `CannotDelegate`.
    """
    _authorise(actor, organisation.pk)
    rbac.may_delegate(actor=actor, role=role, scope_id=organisation.pk)
    _no_owner(role)
    values = _checked({"name": name, "description": description})
    with standing_on(organisation.pk):
        organisation = locked_organisation(organisation.pk)
        held_roles(organisation.pk)
        _authorise(actor, organisation.pk)
        rbac.may_delegate(actor=actor, role=role, scope_id=organisation.pk)
        user = _user_new(values["name"], handle, organisation.slug)
        service = ServiceAccount.objects.create(
            organisation=organisation, user=user, description=values["description"], created_by=actor.id
        )
        told = {"name": user.name, "username": user.username, "description": service.description, "role": role.code}
        changes = {field: (None, value) for field, value in told.items()}
        record("accounts.service_account.created", target=service, changes=changes)
        membership_put(organisation_id=organisation.pk, user=user, role=role, granted_by=actor.id)
    return service


def service_account_update(*, actor: Actor, service: ServiceAccount, values: dict[str, Any]) -> ServiceAccount:
    """Change name or description. Event `accounts.service_account.updated`; none when all is as it was."""
    _authorise(actor, service.organisation_id)
    unknown = set(values) - set(EDITABLE)
    if unknown:
        raise errors.Invalid(fields={name: [_("This cannot be changed here.")] for name in sorted(unknown)})
    clean = _checked(values)
    with standing_on(service.organisation_id):
        service = _locked(actor, service)
        changes = {}
        if "name" in clean and clean["name"] != service.user.name:
            changes["name"] = (service.user.name, clean["name"])
            service.user.name = clean["name"]
            service.user.save(update_fields=["name"])
        if "description" in clean and clean["description"] != service.description:
            changes["description"] = (service.description, clean["description"])
            service.description = clean["description"]
            service.save(update_fields=["description"])
        if changes:
            record("accounts.service_account.updated", target=service, changes=changes)
    return service


def service_account_role_set(*, actor: Actor, service: ServiceAccount, role: Role, reason: str = "") -> bool:
    """Give a service account another role in place of its present one; its next call knows. Returns whether it changed.

    Needs `apikey:admin` and the right to give the role; nobody gives more than they hold. Events of rbac.
    """
    _authorise(actor, service.organisation_id)
    _no_owner(role)
    with standing_on(service.organisation_id):
        service = _locked(actor, service)
        membership = Membership.objects.select_related("user", "organisation").get(
            organisation_id=service.organisation_id, user_id=service.user_id
        )
        return membership_role_set(actor=actor, membership=membership, role=role, reason=reason)


def service_account_activate(*, actor: Actor, service: ServiceAccount, reason: str = "") -> ServiceAccount:
    """Let its keys in again, those that have not ended. Event `accounts.service_account.activated`."""
    return _set_active(actor, service, active=True, reason=reason)


def service_account_deactivate(*, actor: Actor, service: ServiceAccount, reason: str = "") -> ServiceAccount:
    """Shut it out: the next call of any of its keys is refused. Event `accounts.service_account.deactivated`."""
    return _set_active(actor, service, active=False, reason=reason)


def service_account_delete(*, actor: Actor, service: ServiceAccount, reason: str = "") -> None:
    """Delete a service account: its keys are revoked, its roles taken, its user name is free again.

    Its rows stay under a pseudonym, since events tell of them. Events `accounts.service_account.deleted` and
    `accounts.key.revoked` for each live key.
    """
    _authorise(actor, service.organisation_id)
    guard_member(actor, service.user_id, service.organisation_id)
    with standing_on(service.organisation_id):
        service = _locked(actor, service)
        ended = keys_end(owner_id=service.user_id, organisation_id=service.organisation_id, reason=reason)
        rbac.bindings_take(person_id=service.user_id, scope_id=service.organisation_id, reason=reason)
        Membership.objects.filter(organisation_id=service.organisation_id, user_id=service.user_id).delete()
        record("accounts.service_account.deleted", target=service, reason=reason, data={"keys_revoked": ended})
        user = service.user
        user.username, user.is_active, user.erased_at = f"erased-{user.pk.hex}", False, clock.now()
        user.save(update_fields=["username", "is_active", "erased_at"])
        rbac.stamp_bump(key=user.pk)


def _set_active(actor: Actor, service: ServiceAccount, *, active: bool, reason: str) -> ServiceAccount:
    _authorise(actor, service.organisation_id)
    guard_member(actor, service.user_id, service.organisation_id)
    with standing_on(service.organisation_id):
        service = _locked(actor, service)
        if service.user.is_active == active:
            return service
        service.user.is_active = active
        service.user.save(update_fields=["is_active"])
        rbac.stamp_bump(key=service.user_id)
        code = "accounts.service_account.activated" if active else "accounts.service_account.deactivated"
        record(code, target=service, changes={"is_active": (not active, active)}, reason=reason)
    return service


def _authorise(actor: Actor, organisation_id: UUID) -> None:
    """`apikey:admin` in the organisation, by who stands in it. Machines are their organisation's own affair: staff
    suspends the organisation, or revokes a key."""
    if actor.organisation_id != organisation_id:
        raise errors.NotFound
    authorise(actor, "apikey:admin")


def _no_owner(role: Role) -> None:
    if role.code == OWNER:
        raise CannotDelegate(_("An organisation belongs to people: a service account cannot be its owner."))


def _user_new(name: str, handle: str, slug: str) -> User:
    handle = handle.strip().lower()
    username = f"{handle}.{slug}"
    try:
        if not handle or len(handle) > HANDLE_LIMIT:
            raise ValidationError(_("Write 1 to %(limit)d characters.") % {"limit": HANDLE_LIMIT})
        username_validator(handle)
    except ValidationError as error:
        raise errors.Invalid(fields={"handle": error.messages}) from error
    user = User(kind=User.Kind.SERVICE, name=name, username=username, email="")
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise errors.Invalid(fields={"handle": [_("There is one of this name already.")]}) from error
    return user


def _checked(values: dict[str, Any]) -> dict[str, str]:
    clean = {field: str(value).strip() for field, value in values.items()}
    wrong: dict[str, list[str]] = {}
    if "name" in clean and (code := rules.problem("name", clean["name"])):
        wrong["name"] = [rules.reason_text(code, "name")]
    text = clean.get("description", "")
    limit = int(ServiceAccount._meta.get_field("description").max_length or 0)
    if len(text) > limit or rules.INVISIBLE.search(text):
        wrong["description"] = [_("Write one line of at most %(limit)s characters.") % {"limit": limit}]
    if wrong:
        raise errors.Invalid(fields=wrong)
    return clean


def _locked(actor: Actor, service: ServiceAccount) -> ServiceAccount:
    """The row and its account, held; `Erased` when it was deleted. Who lost the right while this waited is refused."""
    locked_organisation(service.organisation_id)
    held_roles(service.organisation_id)
    _authorise(actor, service.organisation_id)
    rows = ServiceAccount.objects.select_for_update(of=("self", "user")).select_related("user", "organisation")
    found = rows.filter(pk=service.pk).first()
    if found is None:
        raise errors.NotFound
    if found.user.erased_at is not None:
        raise Erased
    return found
