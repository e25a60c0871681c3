"""Settings as the page and the API show them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from portal.kit.context import Actor
from portal.kit.models.settings import SettingValue, SettingVersion
from portal.kit.runtime import declare, services
from portal.kit.runtime.declare import Setting

READ = "system:read"


@dataclass(frozen=True)
class Shown:
    """A setting with what holds, where that comes from, and its newest change."""

    declared: Setting[Any]
    value: Any
    source: str  # "environment", "database" or "default".
    number: int  # Of the newest version; 0 while it was never changed.
    last: SettingVersion | None

    @property
    def default(self) -> Any:
        """The default of the project."""
        return self.declared.shipped()

    @property
    def weak(self) -> bool:
        """Whether it is less strict than the default that the project ships with."""
        return self.declared.lowers(self.default, self.value)


def settings(actor: Actor) -> list[Shown]:
    """All of them, by group. Two queries."""
    rows = {row.code: row for row in SettingValue.objects.visible_to(actor, READ)}
    numbers = [row.number for row in rows.values()]
    lasts = {one.number: one for one in versions(actor).filter(number__in=numbers)} if numbers else {}
    return [_shown(one, rows.get(one.code), lasts) for one in declare.everything()]


def setting(actor: Actor, code: str) -> Shown:
    """One of them, or `NotFound`."""
    one = services.declared(code)
    row = SettingValue.objects.visible_to(actor, READ).filter(code=code).first()
    lasts = {last.number: last for last in versions(actor, code).filter(number=row.number)} if row else {}
    return _shown(one, row, lasts)


def versions(actor: Actor, code: str = "") -> QuerySet[SettingVersion]:
    """What was changed, of one setting or of all, the newest first."""
    found: QuerySet[SettingVersion] = SettingVersion.objects.visible_to(actor, READ).select_related("changed_by")
    return (found.filter(code=code) if code else found).order_by("-number")


def _shown(one: Setting[Any], row: SettingValue | None, lasts: dict[int, SettingVersion]) -> Shown:
    source = "environment" if one.fixed else "database" if row is not None and row.value is not None else "default"
    number = row.number if row is not None else 0
    return Shown(one, one.value(), source, number, lasts.get(number))
