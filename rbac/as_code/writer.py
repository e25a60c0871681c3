"""A document as YAML, always in the same order and form: written twice, it is the same to the byte."""

from datetime import UTC
from typing import Any

import yaml

from rbac.as_code.document import Document, HeldSpec, RoleSpec, TeamSpec, WorkspaceSpec

WIDTH = 100


class _Dumper(yaml.SafeDumper):
    """Without anchors, which the reader refuses, and with lists set in below their key."""

    def ignore_aliases(self, data: Any) -> bool:
        """Everything is written out."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Lists stand below their key, not beside it."""
        super().increase_indent(flow, False)


def written(document: Document) -> str:
    """The file of a whole document."""
    whole: dict[str, Any] = {
        "version": 1,
        "workspaces": {key: _workspace(one) for key, one in (document.workspaces or {}).items()},
        "roles": {key: _role(one) for key, one in (document.roles or {}).items()},
        "teams": {key: _team(one) for key, one in (document.teams or {}).items()},
        "bindings": [_held(one, "role") for one in (document.bindings or {}).values()],
        "grants": [_held(one, "right") for one in (document.grants or {}).values()],
    }
    return str(yaml.dump(whole, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH))


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None, [])}


def _workspace(one: WorkspaceSpec) -> dict[str, Any]:
    return _without_nothing({"name": one.name, "description": one.description, "external_id": one.external_id})


def _role(one: RoleSpec) -> dict[str, Any]:
    return _without_nothing(
        {
            "label": one.label,
            "description": one.description,
            "rank": one.rank,
            "inherits": one.inherits,
            "allow": list(one.allow),
            "deny": list(one.deny),
        }
    )


def _team(one: TeamSpec) -> dict[str, Any]:
    return _without_nothing(
        {
            "name": one.name,
            "description": one.description,
            "external_id": one.external_id,
            "inside": one.inside,
            "members": list(one.members),
        }
    )


def _held(one: HeldSpec, word: str) -> dict[str, Any]:
    ends = one.ends.astimezone(UTC).isoformat().replace("+00:00", "Z") if one.ends is not None else None
    return _without_nothing(
        {
            "who": one.who,
            word: one.what,
            "on": one.on,
            "effect": one.effect if one.effect == "deny" else "",
            "ends": ends,
            "reason": one.reason,
            "conditions": dict(one.conditions) if one.conditions else None,
        }
    )
