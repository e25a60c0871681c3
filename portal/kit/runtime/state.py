"""What this process knows of the settings that are kept: the same short read as for maintenance, at most two seconds old.

The identity of a request brings the number of the newest change (`portal.kit.mode.state.heard`), so whoever is signed in
goes by a change with the next request, on every process; everybody else, workers and the beat within two seconds.
"""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.utils.module_loading import import_string

from portal.kit.mode import state
from portal.kit.registry import Registry
from portal.kit.runtime.kinds import Refused
from portal.kit.safety import VARIABLES

log = logging.getLogger("steward.settings")
declared: "Registry[Any]" = Registry("Setting", lambda item: item.code)
NOTHING: Mapping[str, Any] = {}


class _Read:
    """The values of the last read, understood once."""

    raw: Mapping[str, Any] = NOTHING
    values: Mapping[str, Any] = NOTHING


_read = _Read()


def values() -> Mapping[str, Any]:
    """What is kept, by code, understood; what no room declares (any more) or its bounds refuse by now is left out."""
    global _read  # noqa: PLW0603 - both are put in place at once
    raw = state.state().settings
    found = _read
    if found.raw is not raw:
        found = _Read()
        found.raw, found.values = raw, _understood(raw)
        _read = found
    return found.values


def _understood(raw: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for code, value in raw.items():
        if code not in declared:
            continue
        try:
            found[code] = declared.get(code).kind.read(value)
        except Refused as error:
            log.warning("What is kept for the setting %s is not used: %s", code, error)
    return found


@cache
def variables() -> Mapping[str, Any]:
    """The variables of the environment that the settings of Django read, by name."""
    known: Mapping[str, Any] = import_string(VARIABLES)
    return known


def from_environment(variable: str) -> bool:
    """Whether somebody set the variable (or its file) for this process."""
    found = variables().get(variable)
    return found is not None and found.source != "default"
