"""docs/permissions.md: every right, what it opens, and which ready-made role holds it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from portal.home.references.tables import generated, plain, table
from portal.kit import openapi, registry
from rbac import catalogue
from rbac.catalogue import RoleSpec

_HEAD = """# Permissions

A right is a code, `noun:verb`, that some page, call or service demands. What nobody demands is no right. Roles are sets of rights;
[roles](roles.md) tells where they come from and who gives them, [architecture](architecture.md#the-decision) how a question is decided.

"""
_MATRIX = """
## Who holds what

The columns are the ready-made roles: **SA** super administrator, **A** administrator, **M** manager, **U** user of the
installation, then **Ow** owner, **Ad** administrator, **Ed** editor, **Vi** viewer of an organisation. Each role holds what the ones
to the right of it in its group hold. *Developer* (installation) holds what **A** holds and gives no roles ([people](people.md)).
*Pages* and *calls* count what the right alone opens; services may demand more.

"""
_HOSTS = """
## Products

Rights of a product are written with its name (`product/project:read`) and have nothing to do with Steward's own of the same name. These
roles come with the release; a product may bring more ([modules](modules.md)). c create, r read, u update, d delete, x execute, a admin.
"""
_SHORT = {
    ("platform", "super_admin"): "SA",
    ("platform", "admin"): "A",
    ("platform", "manager"): "M",
    ("platform", "user"): "U",
    ("organisation", "owner"): "Ow",
    ("organisation", "admin"): "Ad",
    ("organisation", "editor"): "Ed",
    ("organisation", "viewer"): "Vi",
}


def text() -> str:
    """The page."""
    return "".join([_HEAD, generated("permissions"), _MATRIX, _matrix(), _HOSTS, *(_host(one) for one in _hosts())])


def _matrix() -> str:
    roles = {(role.catalogue, role.code): role for role in catalogue.roles()}
    held = {key: _held(roles, role) for key, role in roles.items()}
    pages, calls = Counter(_demanded_by_pages()), Counter(_demanded_by_calls())
    rows = [
        (
            f"`{right.code}`",
            plain(right.label),
            *("●" if right.code in held[key] else "" for key in _SHORT),
            pages[right.code] or "",
            calls[right.code] or "",
        )
        for right in sorted(registry.permissions, key=lambda right: right.code)
    ]
    return table(("right", "what it lets do", *_SHORT.values(), "pages", "calls"), rows)


def _held(roles: dict[tuple[str, str], RoleSpec], role: RoleSpec) -> frozenset[str]:
    above = role.codes
    return above | _held(roles, roles[role.catalogue, role.inherits]) if role.inherits else above


def _demanded_by_calls() -> Iterator[str]:
    for methods in openapi.document()["paths"].values():
        yield from (made["x-permission"] for made in methods.values() if made.get("x-permission"))


def _demanded_by_pages() -> Iterator[str]:
    for view in set(_views(get_resolver().url_patterns)):
        if isinstance(access := getattr(view, "access", None), str) and not hasattr(view, "endpoints"):
            yield access


def _views(patterns: Sequence[Any]) -> Iterator[Any]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield getattr(pattern.callback, "view_class", pattern.callback)


def _hosts() -> list[catalogue.HostSpec]:
    return catalogue.hosts()


def _host(host: catalogue.HostSpec) -> str:
    letters = {action: letter for letter, action in catalogue.ACTIONS.items()}
    rows = []
    for resource in host.resources:
        cells = [_letters(role.codes, f"{host.code}/{resource}:", letters) for role in host.roles]
        rows.append((f"`{resource}`", *cells))
    return f"\n### {host.label}\n\n" + table(("", *(role.label for role in host.roles)), rows)


def _letters(codes: frozenset[str], prefix: str, letters: dict[str, str]) -> str:
    held = {code.removeprefix(prefix) for code in codes if code.startswith(prefix)}
    return "".join(letter for action, letter in letters.items() if action in held)
