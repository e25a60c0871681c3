"""What a file may say: roles, teams, workspaces, bindings and grants of one organisation, each with its line.

A section that is absent is not looked at; one that is there says how things shall be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from rbac.as_code.reader import Node, read, refusal
from rbac.errors import CodeInvalid
from rbac.services.custom_roles import LOWEST

VERSION = "1"
SECTIONS = ("workspaces", "roles", "teams", "bindings", "grants")
MOST_ENTRIES = 5_000  # In one section.
MOST_ERRORS = 20  # Are told at once.
_SLUG = re.compile(r"[a-z0-9_-]{1,60}")
_WHO = re.compile(r"everyone|(?:person|team):\S.{0,253}")
_ANY = re.compile(r".+")
_ON = re.compile(r"organisation|workspace:[a-z0-9_-]{1,40}|resource:[a-z0-9_-]+/[a-z0-9_-]+/\S{1,200}")
_ROLE = re.compile(r"[a-z0-9_-]+/[a-z0-9_-]+")
S = TypeVar("S")


@dataclass(frozen=True)
class WorkspaceSpec:
    """A workspace. Only its names are said; it is never deleted."""

    slug: str
    name: str
    description: str = ""
    external_id: str = ""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class RoleSpec:
    """An own role. `inherits`: catalogue and code of another, or nothing."""

    code: str
    label: str
    description: str = ""
    rank: int = LOWEST
    inherits: str = ""
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class TeamSpec:
    """A team with its direct members, by user name."""

    slug: str
    name: str
    description: str = ""
    external_id: str = ""
    inside: str = ""
    members: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class HeldSpec:
    """A role, or a right on one object, that somebody holds. `what`: catalogue and code of a role, or the code of a
    right. `reason`: None where the file says nothing of it."""

    who: str
    what: str
    on: str
    effect: str = "allow"
    ends: datetime | None = None
    reason: str | None = None
    conditions: Mapping[str, Any] | None = None
    line: int = field(default=0, compare=False)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What there can be once."""
        return self.who, self.what, self.on, self.effect

    def __str__(self) -> str:
        verb = " !" if self.effect == "deny" else " "
        return f"{self.who}{verb}{self.what} @ {self.on}"


@dataclass
class Document:
    """A whole file. None: the section is absent."""

    workspaces: dict[str, WorkspaceSpec] | None = None
    roles: dict[str, RoleSpec] | None = None
    teams: dict[str, TeamSpec] | None = None
    bindings: dict[tuple[str, str, str, str], HeldSpec] | None = None
    grants: dict[tuple[str, str, str, str], HeldSpec] | None = None


class _Checker:
    """Gathers what is wrong, so that a file is mended in one go."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def tell(self, line: int, text: str) -> None:
        """Note one thing."""
        self.wrong += refusal(line, text).fields["yaml"]
        if len(self.wrong) >= MOST_ERRORS:
            self.done()

    def done(self) -> None:
        """Raise `CodeInvalid` when anything was wrong."""
        if self.wrong:
            raise CodeInvalid(self.wrong[0], fields={"yaml": self.wrong})


def document_of(text: str) -> Document:
    """What a file says. `CodeInvalid` with every line that is wrong, up to twenty."""
    root, check = read(text), _Checker()
    if root.entries is None:
        raise refusal(root.line, _("Begin with sections: %(names)s.") % {"names": ", ".join(SECTIONS)})
    _known(check, root, ("version", *SECTIONS), "")
    version = root.entries.get("version")
    if version is None or version.text != VERSION:
        check.tell(version.line if version else root.line, _("Say “version: 1”."))
    found = Document()
    for name, make in (("workspaces", _workspace), ("roles", _role), ("teams", _team)):
        if name in root.entries:
            setattr(found, name, dict(_named(check, root.entries[name], name, make)))
    for name, word in (("bindings", "role"), ("grants", "right")):
        if name in root.entries:
            setattr(found, name, dict(_listed(check, root.entries[name], name, word)))
    check.done()
    return found


def _known(check: _Checker, node: Node, names: Iterable[str], where: str) -> None:
    for name in node.entries or {}:
        if name not in names:
            place = f"{where}: " if where else ""
            text = _("%(place)sthere is no “%(key)s” here; known are %(names)s.")
            check.tell(node.keys[name], text % {"place": place, "key": name[:80], "names": ", ".join(names)})


def _named(
    check: _Checker, node: Node, section: str, make: Callable[[_Checker, str, Node, int, str], S]
) -> Iterator[tuple[str, S]]:
    if node.is_null:
        return
    if node.entries is None or len(node.entries) > MOST_ENTRIES:
        check.tell(node.line, _("%(section)s: write short names with what belongs to each.") % {"section": section})
        return
    for name, below in node.entries.items():
        where = f"{section} › {name[:60]}"
        if _SLUG.fullmatch(name) is None:
            text = _("%(where)s: short names are lower-case letters, digits, hyphens and underscores.")
            check.tell(node.keys[name], text % {"where": where})
        elif below.entries is None:
            check.tell(node.keys[name], _("%(where)s: write what belongs to it below.") % {"where": where})
        else:
            yield name, make(check, name, below, node.keys[name], where)


def _listed(
    check: _Checker, node: Node, section: str, word: str
) -> Iterator[tuple[tuple[str, str, str, str], HeldSpec]]:
    if node.is_null:
        return
    if node.items is None or len(node.items) > MOST_ENTRIES:
        check.tell(node.line, _("%(section)s: write a list.") % {"section": section})
        return
    seen: dict[tuple[str, str, str, str], int] = {}
    for number, below in enumerate(node.items, 1):
        where = f"{section} › {number}"
        if below.entries is None:
            check.tell(below.line, _("%(where)s: write who, what and where.") % {"where": where})
            continue
        held = _held(check, below, where, word)
        if held.key in seen:
            text = _("%(where)s: the same stands in line %(line)d.")
            check.tell(below.line, text % {"where": where, "line": seen[held.key]})
        seen[held.key] = below.line
        yield held.key, held


def _held(check: _Checker, node: Node, where: str, word: str) -> HeldSpec:
    names = ("who", word, "on", "ends", "reason", "conditions")
    _known(check, node, (*names, "effect") if word == "role" else names, where)
    conditions = (node.entries or {}).get("conditions")
    effect = _text(check, node, "effect", where) or "allow"
    if effect not in {"allow", "deny"}:
        check.tell(node.line, _("%(where)s: effect is allow or deny.") % {"where": where})
    return HeldSpec(
        who=_fitting(check, node, "who", where, (_WHO, "person:<user name>, team:<short name>, everyone")),
        what=_fitting(check, node, word, where, (_ROLE, "<catalogue>/<code>") if word == "role" else (_ANY, "<code>")),
        on=_fitting(
            check, node, "on", where, (_ON, "organisation, workspace:<short name>, resource:<product>/<type>/<id>")
        ),
        effect=effect,
        ends=_moment(check, node, where),
        reason=_text(check, node, "reason", where) if "reason" in (node.entries or {}) else None,
        conditions=None if conditions is None or conditions.is_null else conditions.value(),
        line=node.line,
    )


def _workspace(check: _Checker, slug: str, node: Node, line: int, where: str) -> WorkspaceSpec:
    _known(check, node, ("name", "description", "external_id"), where)
    values = {name: _text(check, node, name, where) for name in ("name", "description", "external_id")}
    return WorkspaceSpec(slug, line=line, **values)


def _role(check: _Checker, code: str, node: Node, line: int, where: str) -> RoleSpec:
    _known(check, node, ("label", "description", "rank", "inherits", "allow", "deny"), where)
    rank = _text(check, node, "rank", where) or str(LOWEST)
    if not rank.isdigit() or len(rank) > 3:
        check.tell(node.line, _("%(where)s: rank is a number.") % {"where": where})
        rank = "0"
    inherits = _text(check, node, "inherits", where)
    if inherits and _ROLE.fullmatch(inherits) is None:
        text = _("%(where)s: write “inherits” as <catalogue>/<code>, such as organisation/viewer.")
        check.tell(node.line, text % {"where": where})
    allow, deny = (_texts(check, node, name, where) for name in ("allow", "deny"))
    for code_ in sorted(set(allow) & set(deny)):
        check.tell(node.line, _("%(where)s: %(code)s is allowed and denied.") % {"where": where, "code": code_})
    label, description = _text(check, node, "label", where), _text(check, node, "description", where)
    return RoleSpec(code, label, description, int(rank), inherits, allow, deny, line=line)


def _team(check: _Checker, slug: str, node: Node, line: int, where: str) -> TeamSpec:
    names = ("name", "description", "external_id", "inside")
    _known(check, node, (*names, "members"), where)
    values = {name: _text(check, node, name, where) for name in names}
    return TeamSpec(slug, members=_texts(check, node, "members", where), line=line, **values)


def _text(check: _Checker, node: Node, name: str, where: str) -> str:
    below = (node.entries or {}).get(name)
    if below is None or below.is_null:
        return ""
    if below.text is None:
        check.tell(below.line, _("%(where)s: %(name)s is a text.") % {"where": where, "name": name})
        return ""
    return below.text.strip()


def _texts(check: _Checker, node: Node, name: str, where: str) -> tuple[str, ...]:
    below = (node.entries or {}).get(name)
    if below is None or below.is_null:
        return ()
    if below.items is None or len(below.items) > MOST_ENTRIES or any(one.text is None for one in below.items):
        check.tell(below.line, _("%(where)s: %(name)s is a list of texts.") % {"where": where, "name": name})
        return ()
    found: list[str] = []
    for one in below.items:
        text = (one.text or "").strip()
        if text in found:
            check.tell(one.line, _("%(where)s: “%(text)s” stands here twice.") % {"where": where, "text": text[:80]})
        found.append(text)
    return tuple(sorted(found))


def _fitting(check: _Checker, node: Node, name: str, where: str, form: tuple[re.Pattern[str], str]) -> str:
    text = _text(check, node, name, where)
    if form[0].fullmatch(text) is None:
        told = _("%(where)s: write “%(name)s” as %(form)s.") % {"where": where, "name": name, "form": form[1]}
        check.tell(node.line, told)
    return text


def _moment(check: _Checker, node: Node, where: str) -> datetime | None:
    text = _text(check, node, "ends", where)
    if not text:
        return None
    try:
        found: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        told = _("%(where)s: write “ends” with its zone, such as 2026-01-31T18:00:00Z.")
        check.tell(node.line, told % {"where": where})
        return None
    return found.astimezone(UTC)
