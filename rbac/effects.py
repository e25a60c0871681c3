"""What a change would do, as pages and the API show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.translation import gettext as _

from rbac.role_presenters import right_label
from rbac.simulate import Difference, Preview

SHOWN = 50  # People who are named; of more, the number is told.


@dataclass(frozen=True)
class Effects:
    """Who gains and who loses, of how many who were compared; `rows` name the first of them (see `_row`)."""

    people: int
    gaining: int
    losing: int
    rows: Sequence[Mapping[str, Any]]
    more: int
    complete: bool


def effects_of(preview: Preview, objects: Sequence[models.Model | None] = ()) -> Effects:
    """Those of a preview; `objects` are what was compared, of which more than one is named at each difference."""
    names = {row.pk: str(row) for row in objects if row is not None}
    several = len(objects) > 1
    whole = _("in the whole organisation")
    by_person: dict[UUID, list[Difference]] = {}
    for one in preview.differences:
        by_person.setdefault(one.person_id, []).append(one)
    ordered = sorted(by_person.values(), key=lambda found: (found[0].label.lower(), found[0].person_id))
    return Effects(
        people=preview.people,
        gaining=sum(any(one.gains for one in found) for found in ordered),
        losing=sum(any(one.loses for one in found) for found in ordered),
        rows=[
            {
                "name": found[0].label,
                "hue": found[0].person_id.int,
                "places": [_place(one, names.get(one.place, whole) if several and one.place else "") for one in found],
            }
            for found in ordered[:SHOWN]
        ],
        more=max(0, len(ordered) - SHOWN),
        complete=preview.complete,
    )


def _place(one: Difference, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "gains": [right_label(code) for code in one.gains],
        "loses": [right_label(code) for code in one.loses],
    }
