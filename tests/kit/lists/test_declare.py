"""Declarations that cannot work stop the start."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.lists import people
from portal.kit import registry
from portal.kit.lists import Choice, Column, List, Many, Option, Outcome, register
from portal.kit.lists.register import faults
from portal.kit.lists.views import ListView

COLUMN = Column("thing", "Thing", cell=str, value=str, by=("name",), fixed=True)


def _declared(**values: Any) -> List:
    base = replace(people, columns=(COLUMN,), filters=(), actions=(), sort="thing", name="accounts.things")
    return replace(base, **values)


def test_the_list_of_people_is_declared_with_its_job() -> None:
    assert people in list(registry.lists)
    assert registry.jobs.get("accounts.bulk_people").permission == "user:read"
    assert faults(people) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "things"}, "room.noun"),
        ({"columns": (COLUMN, COLUMN)}, "one name"),
        ({"columns": (replace(COLUMN, fixed=False),)}, "fixed"),
        ({"sort": "-nothing"}, "order"),
        ({"filters": (Choice(name="q", label="Q", options=(), apply=lambda rows, value: rows),)}, "parameter"),
        (
            {"filters": tuple(Choice(name="x", label="X", options=(), apply=lambda rows, value: rows) for _ in "ab")},
            "parameter",
        ),
        ({"filters": (Many(name="x", label="X", options=(Option("a", "A"),)),)}, "apply"),
        ({"actions": (replace(people.actions[0], inverse="nothing"),)}, "undone"),
    ],
)
def test_what_cannot_work_is_told_to_its_author(values: dict[str, Any], words: str) -> None:
    (fault,) = faults(_declared(**values))
    assert words in fault
    with pytest.raises(ImproperlyConfigured, match="things"):
        register(_declared(**values))


def test_a_view_demands_what_its_list_demands() -> None:
    with pytest.raises(ImproperlyConfigured, match="demands"):
        type("Wrong", (ListView,), {"access": "user:admin", "declared": people})


def test_outcomes_add_up() -> None:
    (first, second) = (Outcome(["a"], [("b", "why")]), Outcome(["c"]))  # type: ignore[list-item]
    assert first + second == Outcome(("a", "c"), (("b", "why"),))  # type: ignore[arg-type]


def test_a_list_declared_after_the_start_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="after the start"):
        register(_declared())
