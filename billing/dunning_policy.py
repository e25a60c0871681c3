"""When an unpaid document is charged again and what is taken away for it: data of a plan, read here, without a database.

`{"retries": [1, 3, 7, 14], "stages": [{"day": 7, "do": "restrict"}]}`: days after the failed charge, or after the due
date where nothing was charged; stages count from the due date.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.kit.errors import Invalid

OUTAGE = timedelta(seconds=300)  # A provider that is away is asked again after so long; that counts as no retry (G03).
STAGES = ("warn", "restrict", "suspend")
MOST_DAYS = 366


class PolicyInvalid(Invalid):
    """Retries or stages that cannot be followed."""

    code = "billing.dunning_policy_invalid"
    title = _("These reminders cannot be followed")
    default_detail = _("Give days from 0 to 366 in rising order, and for each stage one of: warn, restrict, suspend.")


@dataclass(frozen=True)
class Stage:
    """What happens so many days after the due date."""

    day: int
    do: str


@dataclass(frozen=True)
class Policy:
    """Retries and stages of a plan."""

    retries: tuple[int, ...] = (1, 3, 7, 14)
    stages: tuple[Stage, ...] = (Stage(3, "warn"), Stage(7, "restrict"), Stage(21, "suspend"))

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"retries": list(self.retries), "stages": [{"day": one.day, "do": one.do} for one in self.stages]}


@dataclass(frozen=True)
class Step:
    """Something that is to be done at a moment. `key` tells it from all others of its run."""

    key: str
    kind: str
    at: datetime
    do: str = ""


def read(written: Mapping[str, Any] | None) -> Policy:
    """The policy of a plan; the installation's defaults where it says nothing. `PolicyInvalid`."""
    if not written:
        return Policy()
    try:
        retries = tuple(_day(one) for one in written.get("retries", ()))
        stages = tuple(Stage(_day(one["day"]), str(one["do"])) for one in written.get("stages", ()))
    except (KeyError, TypeError, ValueError):
        raise PolicyInvalid from None
    days = [one.day for one in stages]
    if list(retries) != sorted(set(retries)) or days != sorted(days) or any(one.do not in STAGES for one in stages):
        raise PolicyInvalid
    return Policy(retries, stages)


def _day(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_DAYS:
        raise ValueError(value)
    return value


def steps(policy: Policy, *, since: datetime, due_at: datetime) -> Iterator[Step]:
    """Everything that follows, in the order of time."""
    found = [
        Step(f"retry:{place}", "retry", since + timedelta(days=day)) for place, day in enumerate(policy.retries, 1)
    ]
    found += [
        Step(f"stage:{place}", "stage", due_at + timedelta(days=stage.day), stage.do)
        for place, stage in enumerate(policy.stages, 1)
    ]
    yield from sorted(found, key=lambda step: (step.at, step.key))
