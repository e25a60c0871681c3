"""What the names of teams, workspaces and resources may look like, and how the database's refusals become errors."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from portal.kit import errors
from rbac.errors import (
    NotAMember,
    PersonKnownOtherwise,
    ResourceInsideItself,
    ResourcesTooDeep,
    TeamInsideItself,
    TeamsTooDeep,
)

# Control characters, line separators and marks that turn the direction of what follows, as in names of people.
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# What a host product calls its thing stands in addresses: no blanks, no slashes, nothing that a path treats as special.
EXTERNAL_ID = re.compile(r"(?!\.{1,2}$)[^\s/\\?#%\x00-\x1f\x7f]{1,200}")

_ERRORS: dict[str, type[errors.StewardError]] = {
    "rbac_team_cycle": TeamInsideItself,
    "rbac_team_path_depth": TeamsTooDeep,
    "rbac_scope_cycle": ResourceInsideItself,
    "rbac_scope_path_depth": ResourcesTooDeep,
    "rbac_team_member_of_organisation": NotAMember,
    "rbac_external_person_member": NotAMember,
    "rbac_external_person_once": PersonKnownOtherwise,
}
_TAKEN = {"rbac_team_slug", "rbac_workspace_slug"}
_KNOWN = {"rbac_team_external", "rbac_workspace_external", "rbac_resource_external", "rbac_external_person_known"}
_ELSEWHERE = {"rbac_team_place", "rbac_scope_place", "rbac_team_member_of_team"}


@contextmanager
def kept_by_database() -> Iterator[None]:
    """Turn what a constraint of the database refuses in the block into the typed error that it means."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise _typed(error) from error


def _typed(error: IntegrityError) -> Exception:
    diagnosis = getattr(error.__cause__, "diag", None)
    name = str(getattr(diagnosis, "constraint_name", "") or "")
    if name in _ERRORS:
        return _ERRORS[name]()
    if name in _TAKEN:
        return errors.Invalid(fields={"slug": [_("This short name is taken here. Choose another.")]})
    if name in _KNOWN:
        return errors.Invalid(fields={"external_id": [_("Another one has this id of the host product.")]})
    if name in _ELSEWHERE:
        return errors.Invalid(fields={"parent": [_("It cannot stand there. Choose another place.")]})
    return error


def cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    """Texts without blanks around them, short names in lower case."""
    clean = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    if isinstance(clean.get("slug"), str):
        clean["slug"] = clean["slug"].lower()
    return clean


def only(values: Mapping[str, Any], editable: Iterable[str]) -> None:
    """Raise `Invalid` for a value that nobody may set."""
    unknown = set(values) - set(editable)
    if unknown:
        raise errors.Invalid(fields={name: [_("This cannot be changed here.")] for name in sorted(unknown)})


def check(row: models.Model, names: Iterable[str]) -> None:
    """Raise `Invalid` naming each of the fields whose value cannot be."""
    wrong: dict[str, list[str]] = {}
    wanted = set(names)
    for name in sorted(wanted):
        value = getattr(row, name)
        if isinstance(value, str) and INVISIBLE.search(value):
            wrong[name] = [_("It contains line breaks or invisible control characters.")]
    known = str(getattr(row, "external_id", ""))
    if "external_id" in wanted and known and not is_external_id(known):
        wrong["external_id"] = [
            _("Write 1 to 200 characters without blanks, slashes, question marks, # or percent signs.")
        ]
    others = {field.name for field in row._meta.concrete_fields} - wanted - {"id"}
    try:
        row.clean_fields(exclude=others)
    except ValidationError as error:
        wrong = {**error.message_dict, **wrong}
    if getattr(row, "slug", "") == "new" and "slug" in wanted:
        wrong["slug"] = [_("This short name is kept for Steward's own pages. Choose another.")]
    if wrong:
        raise errors.Invalid(fields=wrong)


def is_external_id(text: str) -> bool:
    """Whether a host product may call its thing so."""
    return EXTERNAL_ID.fullmatch(text) is not None
