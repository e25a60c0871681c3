"""Parts of a customer's page that the nouns of billing add: plan and MRR, invoices, usage; and steps of settling in.

Each noun adds its own in `billing/apps.py` or its menu file. A part is shown to whom holds its `code`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.models import Customer
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.registry import Registry, Text


@dataclass(frozen=True)
class Part:
    """A panel of the first tab. `values` gives the context of `template`, which finds it as `part`; None: nothing to show."""

    name: str
    order: int
    code: str
    template: str
    values: Callable[[Actor, Customer], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Step:
    """A step of settling in. `done` gives the moment, True where it is not known, and None before. Shown to whom holds
    its `code`: for anybody else it would always stand there as not done."""

    name: str
    order: int
    label: Text
    done: Callable[[Actor, Customer], datetime | bool | None]
    code: str = "organisation:read"


parts: Registry[Part] = Registry("Part of the customer page", lambda item: item.name)
steps: Registry[Step] = Registry("Step of settling in", lambda item: item.name)


def parts_of(actor: Actor, customer: Customer) -> list[dict[str, Any]]:
    """The parts that the actor may see and that have something to show, each with its template."""
    found = []
    for part in sorted(parts, key=lambda one: one.order):
        values = part.values(actor, customer) if can(actor, part.code) else None
        if values is not None:
            found.append({"template": part.template, **values})
    return found


def steps_of(actor: Actor, customer: Customer) -> list[dict[str, Any]]:
    """The steps of settling in that the actor may know of, each with whether and when it was done."""
    made = []
    for step in sorted((one for one in steps if can(actor, one.code)), key=lambda one: one.order):
        done = step.done(actor, customer)
        made.append({"label": step.label, "done": bool(done), "when": done if isinstance(done, datetime) else None})
    return made
