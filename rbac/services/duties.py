"""Making and changing the rules that separate duties. What they do is in `rbac.duties`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound
from portal.kit.record import record
from rbac import access_selectors
from rbac.govern_errors import RuleNameTaken, TooManyRules
from rbac.models import INSTALLATION, DutyRule, Role
from rbac.services.keepers import rights_hold
from rbac.standing import standing_on
from rbac.tree_rules import INVISIBLE

NAME_LIMIT, TEXT_LIMIT = 80, 300
MOST_RULES = 50  # Each is looked at with every change of who holds what.
MOST_ITEMS = 100
FIELDS = ("name", "description", "one_codes", "one_roles", "other_codes", "other_roles", "is_active")


@dataclass(frozen=True)
class DutyDraft:
    """How a rule shall be: two sides of codes and of ids of roles. `ready` names the ready-made one it is made from."""

    name: str
    description: str = ""
    one_codes: tuple[str, ...] = ()
    one_roles: tuple[str, ...] = ()
    other_codes: tuple[str, ...] = ()
    other_roles: tuple[str, ...] = ()
    is_active: bool = True
    ready: str = ""


def rules_made_by(*, organisation_id: UUID | None) -> str:
    """The right of whom may make and change rules: who may change what roles say."""
    return "role:admin" if organisation_id is None else "role:update"


def duty_rule_create(*, actor: Actor, organisation_id: UUID | None, draft: DutyDraft) -> DutyRule:
    """Make a rule of an organisation (`role:update`), or of the installation (`role:admin`). Event
    `rbac.duty_rule.created`. From now on it refuses what would break it; who breaks it already is listed, and keeps it.

    `Invalid` with fields, `RuleNameTaken`, `TooManyRules`.
    """
    _authorise(actor, organisation_id)
    root = organisation_id or INSTALLATION
    draft = _checked(draft, organisation_id)
    with standing_on(root):
        rights_hold(scope_id=root)
        _authorise(actor, organisation_id)
        if DutyRule.objects.filter(Q(organisation=organisation_id)).count() >= MOST_RULES:
            raise TooManyRules
        row = DutyRule(organisation_id=organisation_id, ready=draft.ready, **_stored(draft))
        _save(row)
        after = {name: (None, value) for name, value in _stored(draft).items()}
        record("rbac.duty_rule.created", target=row, changes=after)
    return row


def duty_rule_update(*, actor: Actor, rule: DutyRule, draft: DutyDraft) -> DutyRule:
    """Make a rule what `draft` says, or switch it on or off. Event `rbac.duty_rule.updated`; none when all is as it was.
    As `duty_rule_create`."""
    _authorise(actor, rule.organisation_id)
    root = rule.organisation_id or INSTALLATION
    draft = _checked(draft, rule.organisation_id)
    with standing_on(root):
        rights_hold(scope_id=root)
        _authorise(actor, rule.organisation_id)
        row = _locked(rule)
        after = _stored(draft)
        changes = {name: (getattr(row, name), value) for name, value in after.items() if getattr(row, name) != value}
        if not changes:
            return row
        for name, value in after.items():
            setattr(row, name, value)
        _save(row, list(changes))
        record("rbac.duty_rule.updated", target=row, changes=changes)
    return row


def duty_rule_delete(*, actor: Actor, rule: DutyRule) -> None:
    """Delete a rule: what it separated can be held together again. Event `rbac.duty_rule.deleted`."""
    _authorise(actor, rule.organisation_id)
    root = rule.organisation_id or INSTALLATION
    with standing_on(root):
        rights_hold(scope_id=root)
        _authorise(actor, rule.organisation_id)
        row = _locked(rule)
        record("rbac.duty_rule.deleted", target=row, changes={name: (getattr(row, name), None) for name in FIELDS})
        row.delete()


def draft_of(*, rule: DutyRule) -> DutyDraft:
    """A rule as it is, to change a part of it."""
    return DutyDraft(
        name=rule.name,
        description=rule.description,
        one_codes=tuple(rule.one_codes),
        one_roles=tuple(rule.one_roles),
        other_codes=tuple(rule.other_codes),
        other_roles=tuple(rule.other_roles),
        is_active=rule.is_active,
        ready=rule.ready,
    )


def _authorise(actor: Actor, organisation_id: UUID | None) -> None:
    if organisation_id is not None and actor.kind != "system" and actor.organisation_id != organisation_id:
        raise NotFound
    authorise(actor, rules_made_by(organisation_id=organisation_id))


def _checked(draft: DutyDraft, organisation_id: UUID | None) -> DutyDraft:
    draft = replace(draft, name=draft.name.strip(), description=draft.description.strip())
    wrong: dict[str, list[str]] = {}
    if not draft.name or len(draft.name) > NAME_LIMIT or INVISIBLE.search(draft.name):
        wrong["name"] = [_("Write a name of at most %(n)s characters.") % {"n": NAME_LIMIT}]
    if len(draft.description) > TEXT_LIMIT or INVISIBLE.search(draft.description):
        wrong["description"] = [_("Write at most %(n)s characters in one line.") % {"n": TEXT_LIMIT}]
    codes, roles = set(access_selectors.codes_in(organisation_id)), _roles(organisation_id)
    for side in ("one", "other"):
        stated, held = set(getattr(draft, f"{side}_codes")), set(getattr(draft, f"{side}_roles"))
        if not stated and not held:
            wrong[f"{side}_codes"] = [_("Choose at least one right or role for each side.")]
        elif stated - codes or len(stated) > MOST_ITEMS:
            wrong[f"{side}_codes"] = [_("Choose rights that exist here.")]
        if held - roles or len(held) > MOST_ITEMS:
            wrong[f"{side}_roles"] = [_("Choose roles that exist here.")]
    for kind in ("codes", "roles"):
        if set(getattr(draft, f"one_{kind}")) & set(getattr(draft, f"other_{kind}")):
            wrong.setdefault(f"other_{kind}", []).append(_("Nothing can stand on both sides."))
    if wrong:
        raise errors.Invalid(fields=wrong)
    return draft


def _roles(organisation_id: UUID | None) -> set[str]:
    own = Role.objects.filter(catalogue="platform")
    rows = own if organisation_id is None else access_selectors.roles_of_organisation(organisation_id)
    return {str(key) for key in rows.values_list("pk", flat=True)}


def _stored(draft: DutyDraft) -> Mapping[str, object]:
    sides = {name: sorted(set(getattr(draft, name))) for name in FIELDS if name.endswith(("codes", "roles"))}
    return {"name": draft.name, "description": draft.description, **sides, "is_active": draft.is_active}


def _save(row: DutyRule, names: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=names is None, update_fields=names)
    except IntegrityError as error:
        raise RuleNameTaken from error


def _locked(rule: DutyRule) -> DutyRule:
    found = DutyRule.objects.select_for_update(of=("self",)).filter(pk=rule.pk).first()
    if found is None:
        raise NotFound
    return found
