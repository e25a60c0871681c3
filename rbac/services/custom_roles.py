"""Roles that an organisation makes for itself: of single rights, or as a copy of another role.

Whoever makes or changes one can hand on, in the whole organisation and for good, everything that it then says; nobody
adds to a role of their own, and nobody takes from somebody who ranks above them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, connection, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.decision import roles_changed
from portal.kit.errors import NotFound
from portal.kit.record import record
from portal.kit.services import writing
from rbac import access_selectors, catalogue, decision
from rbac.counting import counting
from rbac.delegation import Content, Measure, authorise_in, bits_of, check_delegable, content_of, measure, top_rank
from rbac.duties import duties_kept
from rbac.errors import (
    InheritsHigher,
    OwnRoleUpwards,
    RoleCycle,
    RoleInUse,
    RoleNameTaken,
    SuperiorTouched,
    TooManyRoles,
)
from rbac.holders import Holder, people_of
from rbac.models import Binding, Permission, Role, RolePermission, Scope
from rbac.services.keepers import scope_hold
from rbac.standing import standing_on

LABEL_LIMIT, DESCRIPTION_LIMIT, CODE_LIMIT = 80, 300, 60
MOST_ROLES = 200  # Own ones of an organisation; more is a sign that a program makes one per person.
LOWEST = 10  # The rank of the lowest ready-made role of organisations.


@dataclass(frozen=True)
class RoleDraft:
    """How a role shall be. `rights`: code to "allow" or "deny"; what is absent is neither."""

    label: str
    code: str = ""
    description: str = ""
    rank: int = LOWEST
    inherits: Role | None = None
    rights: Mapping[str, str] = field(default_factory=dict)


def role_create(*, actor: Actor, organisation_id: UUID, draft: RoleDraft, reason: str = "") -> Role:
    """Make a role of an organisation (`role:create`). Event `rbac.role.created`.

    `RoleNameTaken`, `TooManyRoles`, `InheritsHigher`, `CannotDelegate` for a rank or right beyond the own ones, `Invalid`
    with fields.
    """
    scope = _scope(organisation_id)
    authorise_in(actor, "role:create", scope)
    with standing_on(organisation_id):
        scope_hold(actor=actor, code="role:create", scope=scope)
        limits = measure(actor, scope)
        if Role.objects.filter(organisation_id=organisation_id).count() >= MOST_ROLES:
            raise TooManyRoles
        draft = _checked(draft, organisation_id, None)
        check_delegable(limits, _content(draft), draft.rank)
        role = Role(
            catalogue=Role.CUSTOM,
            code=draft.code,
            label=draft.label,
            description=draft.description,
            rank=draft.rank,
            inherits=draft.inherits,
            organisation_id=organisation_id,
        )
        try:
            with transaction.atomic():
                role.save(force_insert=True)
        except IntegrityError as error:
            raise RoleNameTaken from error
        _write_rights(role, draft.rights)
        _changed([])
        after = _shown(draft)
        record("rbac.role.created", target=role, changes={name: (None, value) for name, value in after.items()})
    return role


def role_copy(*, actor: Actor, organisation_id: UUID, source: Role, label: str, code: str = "") -> Role:
    """Make a role that says what `source` says, inherited parts included, and inherits nothing. As `role_create`."""
    found = access_selectors.roles_of_organisation(organisation_id).filter(pk=source.pk).first()
    if found is None:
        raise NotFound
    rights = {code: stated.effect for code, stated in access_selectors.effective_rights([found])[found.pk].items()}
    rank = max(found.rank, LOWEST)
    draft = RoleDraft(label=label, code=code, description=found.description, rank=rank, rights=rights)
    return role_create(actor=actor, organisation_id=organisation_id, draft=draft)


def role_update(*, actor: Actor, role: Role, draft: RoleDraft, reason: str = "") -> Role:
    """Make an own role what `draft` says (`role:update`); the very next check of all who hold it knows. Event
    `rbac.role.updated` with before and after; none when all is as it was. The code stays what it is.

    As `role_create`, and: `CannotDelegate` also for a role that says more than the actor could give,
    `OwnRoleUpwards` for adding to a role of one's own, `SuperiorTouched` for taking from who ranks above, `RoleCycle`,
    `DutiesConflict` for adding what a rule separates from something that a holder has.
    """
    scope = _own_scope(role)
    authorise_in(actor, "role:update", scope)
    with standing_on(scope.pk):
        scope_hold(actor=actor, code="role:update", scope=scope)
        limits = measure(actor, scope)
        role = _locked(role)
        now = _draft_of(role)
        draft = _checked(draft, scope.pk, role)
        before, after = _shown(now), _shown(draft)
        changes = {name: (before[name], after[name]) for name in after if before[name] != after[name]}
        if not changes:
            return role
        _guard_edit(actor, limits, role=role, draft=draft, before=content_of(role), after=_content(draft))
        kept = duties_kept(scope.pk)
        role.label, role.description, role.rank, role.inherits = (
            draft.label,
            draft.description,
            draft.rank,
            draft.inherits,
        )
        role.save(update_fields=["label", "description", "rank", "inherits"])
        _write_rights(role, draft.rights)
        kept.check()
        _changed(_holders(role))
        record("rbac.role.updated", target=role, changes=changes, reason=reason)
    return role


def role_delete(*, actor: Actor, role: Role, reason: str = "") -> None:
    """Delete an own role (`role:delete`) that nobody holds and no other inherits (`RoleInUse`). Event
    `rbac.role.deleted` with what it said."""
    scope = _own_scope(role)
    authorise_in(actor, "role:delete", scope)
    with standing_on(scope.pk):
        scope_hold(actor=actor, code="role:delete", scope=scope)
        limits = measure(actor, scope)
        role = _locked(role)
        check_delegable(limits, content_of(role), role.rank)
        held = Binding.objects.filter(counting(), role=role).exists()
        if held or Role.objects.filter(inherits=role).exists():
            raise RoleInUse
        Binding.objects.filter(role=role).delete()  # Those that are over give nothing any more.
        before = _shown(_draft_of(role))
        record("rbac.role.deleted", target=role, changes={n: (v, None) for n, v in before.items()}, reason=reason)
        role.delete()
        _changed([])


def draft_of(*, role: Role) -> RoleDraft:
    """A role as it is, to change a part of it."""
    return _draft_of(role)


def _scope(organisation_id: UUID) -> Scope:
    found = Scope.objects.filter(pk=organisation_id, kind=Scope.Kind.ORGANISATION).first()
    if found is None:
        raise NotFound
    return found


def _own_scope(role: Role) -> Scope:
    if role.catalogue != Role.CUSTOM or role.organisation_id is None:
        raise NotFound
    return _scope(role.organisation_id)


def _locked(role: Role) -> Role:
    rows = Role.objects.select_for_update(of=("self",), no_key=True).select_related("inherits")
    found = rows.filter(pk=role.pk, catalogue=Role.CUSTOM).first()
    if found is None:
        raise NotFound
    return found


def _draft_of(role: Role) -> RoleDraft:
    rights = access_selectors.rights_of([role])[role.pk]
    return RoleDraft(role.label, role.code, role.description, role.rank, role.inherits, rights)


def _checked(draft: RoleDraft, organisation_id: UUID, role: Role | None) -> RoleDraft:
    label, description = draft.label.strip(), draft.description.strip()
    code = role.code if role is not None else (draft.code.strip().lower() or slugify(label))[:CODE_LIMIT]
    wrong: dict[str, list[str]] = {}
    if not label or len(label) > LABEL_LIMIT or not label.isprintable():
        wrong["label"] = [_("Write a name of at most %(n)s characters.") % {"n": LABEL_LIMIT}]
    if len(description) > DESCRIPTION_LIMIT:
        wrong["description"] = [_("Write at most %(n)s characters.") % {"n": DESCRIPTION_LIMIT}]
    try:
        validate_slug(code)
    except ValidationError:
        wrong["code"] = [_("Use lower-case letters, digits, hyphens and underscores.")]
    if draft.rank not in ranks():
        wrong["rank"] = [_("Choose one of the ranks.")]
    unknown = set(draft.rights) - set(access_selectors.codes_in(organisation_id))
    if unknown or set(draft.rights.values()) - {"allow", "deny"}:
        wrong["rights"] = [_("Choose rights that exist in organisations.")]
    if wrong:
        raise errors.Invalid(fields=wrong)
    _check_names(label, code, organisation_id, role)
    _check_inherited(draft, organisation_id, role)
    return RoleDraft(label, code, description, draft.rank, draft.inherits, dict(draft.rights))


def ranks() -> list[int]:
    """The ranks that an own role can have: those of the ready-made roles of organisations, lowest first."""
    return sorted(spec.rank for spec in catalogue.roles() if spec.catalogue == "organisation")


def _check_names(label: str, code: str, organisation_id: UUID, role: Role | None) -> None:
    specs = (*catalogue.roles(), *catalogue.host_roles())
    # Whoever reads "Owner" in a list shall be right; the roles of host products are shown with their product.
    if role is None and code in {spec.code for spec in specs}:
        raise RoleNameTaken
    if label.casefold() in {spec.label.casefold() for spec in specs if not spec.application}:
        raise RoleNameTaken
    others = Role.objects.filter(organisation_id=organisation_id)
    if role is not None:
        others = others.exclude(pk=role.pk)
    if others.filter(label__iexact=label).exists() or others.filter(code=code).exists():
        raise RoleNameTaken


def _check_inherited(draft: RoleDraft, organisation_id: UUID, role: Role | None) -> None:
    if draft.inherits is not None:
        if not access_selectors.roles_of_organisation(organisation_id).filter(pk=draft.inherits.pk).exists():
            raise errors.Invalid(fields={"inherits": [_("Choose a role of this organisation.")]})
        step: Role | None = Role.objects.get(pk=draft.inherits.pk)
        while step is not None:  # Ends: what is stored has no cycle, and all roles here change one at a time.
            if role is not None and step.pk == role.pk:
                raise RoleCycle
            if step.rank > draft.rank:
                raise InheritsHigher
            step = step.inherits
    if role is not None and draft.rank > role.rank and Role.objects.filter(inherits=role, rank__lt=draft.rank).exists():
        raise InheritsHigher


def _content(draft: RoleDraft) -> Content:
    own = Content(
        bits_of(code for code, effect in draft.rights.items() if effect == "allow"),
        bits_of(code for code, effect in draft.rights.items() if effect == "deny"),
    )
    return own | content_of(draft.inherits)


def _guard_edit(
    actor: Actor, limits: Measure | None, *, role: Role, draft: RoleDraft, before: Content, after: Content
) -> None:
    check_delegable(limits, before, role.rank)
    check_delegable(limits, after, draft.rank)
    if limits is None:
        return
    rises = bool(after.allow & ~before.allow or before.deny & ~after.deny or draft.rank > role.rank)
    if rises and actor.id is not None and actor.id in _holders(role, everyone=False):
        raise OwnRoleUpwards
    takes = bool(before.allow & ~after.allow or after.deny & ~before.deny)
    if takes and role.organisation_id is not None:
        # What everybody holds is nobody's rank; but a denial that everybody gets would reach those above.
        people = _holders(role, everyone=bool(after.deny & ~before.deny))
        if top_rank(people, role.organisation_id) > limits.rank:
            raise SuperiorTouched


def _holders(role: Role, *, everyone: bool = True) -> set[UUID]:
    """The people who hold a role, or one that inherits it, anywhere: by themselves, in a team, or as everybody does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE above AS (SELECT %s::uuid AS id UNION SELECT r.id FROM above a JOIN rbac_role r "
            "ON r.inherits_id = a.id) SELECT id FROM above",
            [role.pk],
        )
        roles = [row[0] for row in cursor.fetchall()]
    found: set[UUID] = set()
    for row in Binding.objects.select_related("team").filter(counting(), role_id__in=roles):
        if role.organisation_id is not None and (everyone or not row.everyone):
            found |= set(people_of(Holder.of(row), role.organisation_id))
    return found


def _write_rights(role: Role, rights: Mapping[str, str]) -> None:
    with writing():
        numbers = dict(Permission.objects.filter(code__in=list(rights)).values_list("code", "number"))
        role.permissions.all().delete()
        RolePermission.objects.bulk_create(
            RolePermission(role=role, permission_id=numbers[code], effect=effect)
            for code, effect in sorted(rights.items())
        )


def _shown(draft: RoleDraft) -> dict[str, object]:
    """A draft as the trail shows it; a denied right has an exclamation mark before it."""
    rights = sorted(code if effect == "allow" else f"!{code}" for code, effect in draft.rights.items())
    return {
        "label": draft.label,
        "code": draft.code,
        "description": draft.description,
        "rank": draft.rank,
        "inherits": draft.inherits.code if draft.inherits is not None else None,
        "permissions": rights,
    }


def _changed(people: set[UUID] | list[UUID]) -> None:
    # The triggers raise the stamp of the organisation; this process forgets what it remembers of it.
    decision.mark_changed()
    if people:
        roles_changed(people=people)
