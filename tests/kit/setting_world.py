"""What tests of settings share: changing one as somebody, and a variable of the environment."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from accounts.models import User
from portal.kit import context
from portal.kit.models import SettingValue
from portal.kit.runtime import services
from portal.kit.runtime import state as runtime
from tests.factories import actor_of


def change(who: User, code: str, value: object, *, reason: str = "A test", number: int | None = None) -> SettingValue:
    """A setting changed by a person."""
    actor = actor_of(who)
    with context.acting(actor):
        return services.setting_change(actor=actor, code=code, value=value, reason=reason, number=number)


def reset(who: User, code: str, *, reason: str = "A test") -> SettingValue:
    """A setting back at its default."""
    actor = actor_of(who)
    with context.acting(actor):
        return services.setting_reset(actor=actor, code=code, reason=reason)


def revert(who: User, code: str, to: int, *, reason: str = "A test") -> SettingValue:
    """An earlier value taken up again."""
    actor = actor_of(who)
    with context.acting(actor):
        return services.setting_revert(actor=actor, code=code, to=to, reason=reason)


def from_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As if somebody had set the variable for this process."""
    known: Mapping[str, Any] = runtime.variables()
    monkeypatch.setitem(known, name, replace(known[name], source="environment"))
