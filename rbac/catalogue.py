"""The ready-made roles of `data/roles.yaml`, read as plain values."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from django.core.exceptions import ImproperlyConfigured

from portal.kit import registry

DATA = Path(__file__).parent / "data"
LOADED = ("platform", "organisation")  # The host products' catalogues follow with the API that their products call.


@dataclass(frozen=True)
class RoleSpec:
    """A ready-made role: its own codes; those of the role it `inherits` come on top."""

    catalogue: str
    code: str
    label: str
    rank: int
    inherits: str | None
    codes: frozenset[str]


@cache
def pending_codes() -> frozenset[str]:
    """Codes of the catalogue whose page does not stand yet. The list may only shrink."""
    lines = (DATA / "pending_codes.txt").read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def roles() -> list[RoleSpec]:
    """Every role of the loaded catalogues, lowest first, so that what a role inherits comes before it.

    A code that is neither declared by a room nor on the pending list is a mistake and stops the start.
    """
    data = yaml.safe_load((DATA / "roles.yaml").read_text("utf-8"))
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


def _spec(catalogue: str, code: str, rank: int, inherits: str | None, codes: list[str]) -> RoleSpec:
    known = {item.code for item in registry.permissions}
    unknown = set(codes) - known - pending_codes()
    if unknown:
        raise ImproperlyConfigured(
            f"Role {catalogue}/{code} names {', '.join(sorted(unknown))}, which no room declares and pending_codes.txt does not list."
        )
    return RoleSpec(catalogue, code, code.replace("_", " ").capitalize(), rank, inherits, frozenset(codes) & known)
