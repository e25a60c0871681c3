"""What a file would change: the steps from how things are to how it says they shall be, in the order in which they are
done. The steps that a plan shows are the very ones that applying it runs: calls of the services of the console."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from portal.kit import context, errors
from portal.kit.context import Actor
from rbac.as_code.document import Document, HeldSpec, RoleSpec, TeamSpec, WorkspaceSpec
from rbac.as_code.reader import refusal
from rbac.as_code.state import State
from rbac.models import Role
from rbac.services.access import access_give, access_limit, access_take
from rbac.services.custom_roles import RoleDraft, role_create, role_delete, role_update
from rbac.services.grants import grant_give, grant_limit, grant_take
from rbac.services.teams import team_create, team_delete, team_member_add, team_member_remove, team_nest, team_update
from rbac.services.workspaces import workspace_create, workspace_update

Action = Literal["create", "update", "delete"]
Run = Callable[[State, Actor], object]


@dataclass(frozen=True)
class Step:
    """One change. `line`: where the file says so, 0 for what it does not name. `changes`: field, before, after."""

    action: Action
    kind: str
    name: str
    line: int
    changes: tuple[tuple[str, str, str], ...]
    run: Run

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.name}"


def fingerprint(steps: list[Step]) -> str:
    """What tells whether a plan is the one that was shown."""
    said = repr([(step.action, step.kind, step.name, step.changes) for step in steps])
    return hashlib.sha256(said.encode()).hexdigest()


def carry_out(steps: list[Step], state: State) -> None:
    """Run the steps as who acts now; the first that is refused ends it, and its error names line and part. Inside a
    transaction that is then rolled back."""
    for step in steps:
        try:
            step.run(state, context.actor())
        except errors.StewardError as error:
            more = " ".join(text for texts in error.fields.values() for text in texts)
            where = _("Line %(line)d") % {"line": step.line} if step.line else _("Taking away")
            text = _("%(where)s, %(step)s: %(title)s. %(why)s")
            said = text % {"where": where, "step": step, "title": error.title, "why": more or error.detail}
            raise type(error)(said, fields={"yaml": [said]}) from error


def plan_of(wanted: Document, state: State, *, prune: bool) -> list[Step]:
    """The steps; none when all is as the file says. Without `prune` nothing is deleted that the file does not name.

    `CodeInvalid` naming the line of what is not here: a role, person, team or place.
    """
    now = state.document
    found = list(_workspaces(wanted.workspaces or {}, now.workspaces or {}))
    found += _roles(wanted.roles or {}, now.roles or {}, state)
    found += _teams(wanted.teams or {}, now.teams or {}, state)
    later: list[Step] = []  # What goes, goes after what comes: nobody is without access in between.
    for name in ("bindings", "grants"):
        said = getattr(wanted, name)
        if said is not None:
            comes, goes = _helds(name, said, getattr(now, name), wanted, state, prune=prune)
            found += comes
            later += goes
    comes, goes = _members(wanted.teams or {}, state, prune=prune)
    found += [*comes, *goes]
    found += later
    if prune:
        found += _pruned(wanted, now)
    return found


def _differing(before: Any, after: Any, names: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (name, _shown(getattr(before, name, "")), _shown(getattr(after, name)))
        for name in names
        if (before is None and getattr(after, name) not in ("", None, ()))
        or (before is not None and getattr(before, name) != getattr(after, name))
    )


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


NAMED = ("name", "description", "external_id")


def _workspaces(wanted: Mapping[str, WorkspaceSpec], now: Mapping[str, WorkspaceSpec]) -> Iterator[Step]:
    for slug, spec in sorted(wanted.items()):
        changes = _differing(now.get(slug), spec, NAMED)
        if slug not in now:
            yield Step("create", "workspace", slug, spec.line, changes, _workspace_new(spec))
        elif changes:
            yield Step("update", "workspace", slug, spec.line, changes, _workspace_changed(spec))


def _values(spec: WorkspaceSpec | TeamSpec) -> dict[str, str]:
    return {name: getattr(spec, name) for name in NAMED}


def _workspace_new(spec: WorkspaceSpec) -> Run:
    def run(state: State, actor: Actor) -> None:
        state.workspaces[spec.slug] = workspace_create(
            actor=actor, organisation_id=state.organisation_id, slug=spec.slug, **_values(spec)
        )

    return run


def _workspace_changed(spec: WorkspaceSpec) -> Run:
    return lambda state, actor: workspace_update(
        actor=actor, workspace=state.workspaces[spec.slug], values=_values(spec)
    )


def _in_order(wanted: Mapping[str, Any], below: Callable[[Any], str]) -> list[Any]:
    """What others stand on first. A ring is no order: it is refused with the line of one of its parts."""
    found: list[Any] = []
    done: set[str] = set()

    for first in sorted(wanted):
        chain: list[str] = []
        name = first
        while name in wanted and name not in done:
            if name in chain:
                raise refusal(wanted[name].line, _("“%(name)s” would stand on itself.") % {"name": name})
            chain.append(name)
            name = below(wanted[name])
        for one in reversed(chain):
            done.add(one)
            found.append(wanted[one])
    return found


RIGHTS = ("label", "description", "rank", "inherits", "allow", "deny")


def _roles(wanted: Mapping[str, RoleSpec], now: Mapping[str, RoleSpec], state: State) -> Iterator[Step]:
    own = f"{Role.CUSTOM}/"
    for spec in wanted.values():
        known = spec.inherits in state.roles or spec.inherits.removeprefix(own) in wanted
        if spec.inherits and not known:
            raise refusal(spec.line, _("There is no role %(name)s here.") % {"name": spec.inherits})
    for spec in _in_order(wanted, lambda one: one.inherits.removeprefix(own)):
        changes = _differing(now.get(spec.code), spec, RIGHTS)
        if spec.code not in now:
            yield Step("create", "role", spec.code, spec.line, changes, _role_new(spec))
        elif changes:
            yield Step("update", "role", spec.code, spec.line, changes, _role_changed(spec))


def _draft(spec: RoleSpec, state: State) -> RoleDraft:
    rights = dict.fromkeys(spec.allow, "allow") | dict.fromkeys(spec.deny, "deny")
    below = state.roles[spec.inherits] if spec.inherits else None
    return RoleDraft(spec.label, spec.code, spec.description, spec.rank, below, rights)


def _role_new(spec: RoleSpec) -> Run:
    def run(state: State, actor: Actor) -> None:
        made = role_create(actor=actor, organisation_id=state.organisation_id, draft=_draft(spec, state))
        state.roles[f"{Role.CUSTOM}/{spec.code}"] = made

    return run


def _role_changed(spec: RoleSpec) -> Run:
    return lambda state, actor: role_update(
        actor=actor, role=state.roles[f"{Role.CUSTOM}/{spec.code}"], draft=_draft(spec, state)
    )


def _teams(wanted: Mapping[str, TeamSpec], now: Mapping[str, TeamSpec], state: State) -> Iterator[Step]:
    for spec in wanted.values():
        if spec.inside and spec.inside not in wanted and spec.inside not in state.teams:
            raise refusal(spec.line, _("There is no team %(name)s here.") % {"name": spec.inside})
    for spec in _in_order(wanted, lambda one: one.inside):
        before = now.get(spec.slug)
        if before is None:
            changes = _differing(None, spec, (*NAMED, "inside"))
            yield Step("create", "team", spec.slug, spec.line, changes, _team_new(spec))
            continue
        if changes := _differing(before, spec, NAMED):
            yield Step("update", "team", spec.slug, spec.line, changes, _team_changed(spec))
        if changes := _differing(before, spec, ("inside",)):
            yield Step("update", "team", spec.slug, spec.line, changes, _team_moved(spec))


def _team_new(spec: TeamSpec) -> Run:
    def run(state: State, actor: Actor) -> None:
        state.teams[spec.slug] = team_create(
            actor=actor,
            organisation_id=state.organisation_id,
            slug=spec.slug,
            parent=state.teams[spec.inside] if spec.inside else None,
            **_values(spec),
        )

    return run


def _team_changed(spec: TeamSpec) -> Run:
    return lambda state, actor: team_update(actor=actor, team=state.teams[spec.slug], values=_values(spec))


def _team_moved(spec: TeamSpec) -> Run:
    return lambda state, actor: team_nest(
        actor=actor, team=state.teams[spec.slug], parent=state.teams[spec.inside] if spec.inside else None
    )


def _members(wanted: Mapping[str, TeamSpec], state: State, *, prune: bool) -> tuple[list[Step], list[Step]]:
    comes: list[Step] = []
    goes: list[Step] = []
    for slug, spec in sorted(wanted.items()):
        people = {}
        for name in spec.members:
            if name.lower() not in state.people:
                raise refusal(
                    spec.line, _("Team %(team)s: no member here is called %(name)s.") % {"team": slug, "name": name}
                )
            people[state.people[name.lower()]] = name
        now = state.members.get(slug, set())
        for key in sorted(people.keys() - now, key=lambda one: state.names[one]):
            name = f"{state.names[key]} → {slug}"
            comes.append(Step("create", "member", name, spec.line, (), _member(slug, key, team_member_add)))
        for key in sorted(now - people.keys(), key=lambda one: state.names.get(one, "")) if prune else ():
            name = f"{state.names.get(key, key)} → {slug}"
            goes.append(Step("delete", "member", name, spec.line, (), _member(slug, key, team_member_remove)))
    return comes, goes


def _member(slug: str, key: Any, service: Callable[..., object]) -> Run:
    return lambda state, actor: service(actor=actor, team=state.teams[slug], person_id=key)


def _helds(
    section: str,
    said: Mapping[Any, HeldSpec],
    now: Mapping[Any, HeldSpec],
    wanted: Document,
    state: State,
    *,
    prune: bool,
) -> tuple[list[Step], list[Step]]:
    kind = section.removesuffix("s")
    spelled: dict[Any, HeldSpec] = {}
    for held in said.values():
        one = _spelled(held, kind, wanted, state)
        if one.key in spelled:
            raise refusal(one.line, _("The same stands in line %(line)d.") % {"line": spelled[one.key].line})
        spelled[one.key] = one
    comes: list[Step] = []
    for key, spec in sorted(spelled.items()):
        before = now.get(key)
        if before is None:
            comes.append(Step("create", kind, str(spec), spec.line, _terms(None, spec), _give(spec, kind)))
        elif (before.conditions or None) != (spec.conditions or None) or spec.reason not in {None, before.reason}:
            comes.append(Step("update", kind, str(spec), spec.line, _terms(before, spec), _replace(spec, kind)))
        elif before.ends != spec.ends:
            comes.append(Step("update", kind, str(spec), spec.line, _terms(before, spec), _limit(spec, kind)))
    goes = [
        Step("delete", kind, str(now[key]), 0, (), _take(now[key], kind)) for key in sorted(now.keys() - spelled.keys())
    ]
    return comes, goes if prune else []


def _terms(before: HeldSpec | None, spec: HeldSpec) -> tuple[tuple[str, str, str], ...]:
    return _differing(before, spec, ("ends", "conditions", *(("reason",) if spec.reason is not None else ())))


def _spelled(held: HeldSpec, kind: str, wanted: Document, state: State) -> HeldSpec:
    """The same with people by their user names; refused where it names what is not here and not in the file either."""
    try:
        who = state.who(held.who)
    except KeyError:
        raise refusal(held.line, _("No member here is called %(who)s.") % {"who": held.who}) from None
    team = who.removeprefix("team:")
    if who.startswith("team:") and team not in state.teams and team not in (wanted.teams or {}):
        raise refusal(held.line, _("There is no team %(name)s here.") % {"name": team})
    own = held.what.removeprefix(f"{Role.CUSTOM}/") in (wanted.roles or {})
    if kind == "binding" and held.what not in state.roles and not own:
        raise refusal(held.line, _("There is no role %(name)s here.") % {"name": held.what})
    place, _colon, name = held.on.partition(":")
    places: Mapping[str, object] = {**state.workspaces, **(wanted.workspaces or {})}
    if place != "organisation" and name not in (places if place == "workspace" else state.resources):
        raise refusal(held.line, _("There is no %(place)s here.") % {"place": held.on})
    return HeldSpec(who, held.what, held.on, held.effect, held.ends, held.reason, held.conditions, held.line)


def _give(spec: HeldSpec, kind: str) -> Run:
    def run(state: State, actor: Actor) -> None:
        common: dict[str, Any] = {
            "actor": actor,
            "holder": state.holder(spec.who),
            "expires_at": spec.ends,
            "reason": spec.reason or "",
            "conditions": spec.conditions,
        }
        if kind == "binding":
            scope, role = state.scope(spec.on), state.roles[spec.what]
            state.bindings[spec.key] = access_give(role=role, scope=scope, effect=spec.effect, **common)
        else:
            state.grants[spec.key] = grant_give(code=spec.what, target=state.target(spec.on), **common)

    return run


def _limit(spec: HeldSpec, kind: str) -> Run:
    def run(state: State, actor: Actor) -> None:
        if kind == "binding":
            access_limit(actor=actor, binding=state.bindings[spec.key], expires_at=spec.ends)
        else:
            grant_limit(actor=actor, grant=state.grants[spec.key], expires_at=spec.ends)

    return run


def _take(spec: HeldSpec, kind: str) -> Run:
    def run(state: State, actor: Actor) -> None:
        if kind == "binding":
            access_take(actor=actor, binding=state.bindings[spec.key])
        else:
            grant_take(actor=actor, grant=state.grants[spec.key])

    return run


def _replace(spec: HeldSpec, kind: str) -> Run:
    """Conditions and reasons are said when something is given; to change them it is given anew."""

    def run(state: State, actor: Actor) -> None:
        _take(spec, kind)(state, actor)
        _give(spec, kind)(state, actor)

    return run


def _pruned(wanted: Document, now: Document) -> Iterator[Step]:
    """Own roles and teams that the file does not name, those that nothing stands on first. Workspaces stay."""
    if wanted.teams is not None:
        gone = {slug: spec for slug, spec in (now.teams or {}).items() if slug not in wanted.teams}
        for spec in reversed(_in_order(gone, lambda one: one.inside)):
            yield Step("delete", "team", spec.slug, 0, (), _team_gone(spec.slug))
    if wanted.roles is not None:
        own = f"{Role.CUSTOM}/"
        left = {code: spec for code, spec in (now.roles or {}).items() if code not in wanted.roles}
        for role in reversed(_in_order(left, lambda one: one.inherits.removeprefix(own))):
            yield Step("delete", "role", role.code, 0, (), _role_gone(role.code))


def _team_gone(slug: str) -> Run:
    return lambda state, actor: team_delete(actor=actor, team=state.teams[slug])


def _role_gone(code: str) -> Run:
    return lambda state, actor: role_delete(actor=actor, role=state.roles[f"{Role.CUSTOM}/{code}"])
