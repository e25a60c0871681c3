"""Runs of a house, told of through the services."""

from itertools import count
from typing import Any

from portal.kit import context
from rbac.models import Resource, Run
from rbac.services.runs import run_start
from tests.accounts.organisation_world import House
from tests.rbac.tree_house import resource

_numbers = count(1)


def run_of(house: House, thing: Resource | None = None, external_id: str = "", **values: Any) -> Run:
    """A run of a resource (a new one unless given), told of by the editor."""
    wanted = thing or resource(house, type_="platform_data/pipeline")
    actor = house.inside(house.editor)
    with context.acting(actor):
        made, _fresh = run_start(
            actor=actor, resource=wanted, external_id=external_id or f"run-{next(_numbers)}", values=values
        )
    return made
