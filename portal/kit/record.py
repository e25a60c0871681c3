"""The record as every room sees it; audit writes it (see its `services.py`)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from django.db import models

from portal.kit.ports import port

Outcome = Literal["ok", "denied", "failed"]


@port
def record(
    code: str,
    *,
    target: models.Model | None = None,
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    outcome: Outcome = "ok",
    reason: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Append one event of the registered `code` to the trail, in the transaction of the change it tells of.

    `changes` maps a field of `target` to (before, after); how each is shown, masked or encrypted is declared in the
    field registry, and a field that is not declared is an error. `data` are further public facts (counts, names of
    files), never personal ones.
    """
    raise NotImplementedError


def diff(target: models.Model, after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What would change if the attributes of `target` became `after`: only fields whose value differs."""
    return {name: (getattr(target, name), value) for name, value in after.items() if getattr(target, name) != value}


@port
def record_many(code: str, rows: Sequence[tuple[models.Model, Mapping[str, tuple[Any, Any]]]]) -> None:
    """Append one event of `code` per (target, changes), for bulk services: a fixed number of statements, whatever the number."""
    raise NotImplementedError
