"""The ready-made roles of `data/roles.yaml`, read as plain values: Steward's own and those of host products."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ImproperlyConfigured

from portal.kit import registry

DATA = Path(__file__).parent / "data"
LOADED = ("platform", "organisation")  # Steward's own.
HOSTS = ("product", "platform_data")  # Host products; their codes are written with the name of the product.
ACTIONS = {"c": "create", "r": "read", "u": "update", "d": "delete", "x": "execute", "a": "admin"}
_TOP_HOST_RANK = 9  # Below every role of organisations: a role in a product makes nobody a superior in Steward.


@dataclass(frozen=True)
class RoleSpec:
    """A ready-made role: its own codes; those of the role it `inherits` come on top."""

    catalogue: str
    code: str
    label: str
    rank: int
    inherits: str | None
    codes: frozenset[str]
    application: str = ""


@dataclass(frozen=True)
class HostSpec:
    """A host product: its resources, every code of them, its roles, and by role what its navigation shows."""

    code: str
    label: str
    resources: tuple[str, ...]
    codes: frozenset[str]
    roles: tuple[RoleSpec, ...]
    navigation: Mapping[str, Any]


@cache
def _stated() -> Mapping[str, Any]:
    # Read once: the file comes with the program, and every page of roles asks for ranks and names.
    stated: Mapping[str, Any] = yaml.safe_load((DATA / "roles.yaml").read_text("utf-8"))
    return stated


@cache
def pending_codes() -> frozenset[str]:
    """Codes of the catalogue whose page does not stand yet. The list may only shrink."""
    lines = (DATA / "pending_codes.txt").read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def roles() -> list[RoleSpec]:
    """Every role of the loaded catalogues, lowest first, so that what a role inherits comes before it.

    A code that is neither declared by a room nor on the pending list is a mistake and stops the start.
    """
    data = _stated()
    result: list[RoleSpec] = []
    for catalogue in LOADED:
        order: list[str] = list(reversed(data[catalogue]["order"]))
        for position, code in enumerate(order):
            below = order[position - 1] if position else None
            result.append(_spec(catalogue, code, (position + 1) * 10, below, data[catalogue][code]))
        extra = {key: value for key, value in data[catalogue].items() if isinstance(value, dict)}
        for code, value in extra.items():
            # Outside the order: as able as the role it inherits, and ranked just below it.
            rank = (
                next(spec.rank for spec in result if spec.catalogue == catalogue and spec.code == value["inherits"]) - 1
            )
            result.append(_spec(catalogue, code, rank, value["inherits"], []))
    return result


def hosts() -> list[HostSpec]:
    """The host products of the catalogue, each with every code of its resources and its roles, highest first."""
    return [_host(code, _stated()[code]) for code in HOSTS]


def host_roles() -> list[RoleSpec]:
    """The roles of every host product, such that what a role inherits comes before it."""
    return [role for host in hosts() for role in sorted(host.roles, key=lambda role: role.inherits is not None)]


def ready_made_names() -> frozenset[str]:
    """Codes and labels, in lower case, of every ready-made role: no organisation's own role looks like one."""
    specs = [*roles(), *host_roles()]
    return frozenset({spec.code for spec in specs} | {spec.label.lower() for spec in specs})


def _host(code: str, stated: Mapping[str, Any]) -> HostSpec:
    resources = tuple(stated["resources"])
    actions = stated.get("actions", list(ACTIONS.values()))
    codes = frozenset(f"{code}/{resource}:{action}" for resource in resources for action in actions)
    found = []
    for position, (name, rights) in enumerate(stated["roles"].items()):
        below = rights.get("inherits")
        own = frozenset(
            f"{code}/{resource}:{ACTIONS[letter]}"
            for resource, letters in rights.items()
            if resource != "inherits"
            for letter in letters
        )
        if unknown := own - codes:
            raise ImproperlyConfigured(f"Role {code}/{name} names {', '.join(sorted(unknown))}, which {code} lacks.")
        found.append(RoleSpec(code, name, _words(name), _TOP_HOST_RANK - position, below, own, code))
    return HostSpec(code, _words(code), resources, codes, tuple(found), stated.get("navigation", {}))


def _words(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _spec(catalogue: str, code: str, rank: int, inherits: str | None, codes: list[str]) -> RoleSpec:
    known = {item.code for item in registry.permissions}
    unknown = set(codes) - known - pending_codes()
    if unknown:
        raise ImproperlyConfigured(
            f"Role {catalogue}/{code} names {', '.join(sorted(unknown))}, which no room declares and pending_codes.txt does not list."
        )
    return RoleSpec(catalogue, code, _words(code), rank, inherits, frozenset(codes) & known)
