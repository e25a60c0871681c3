"""Which setting, value and version somebody means, or the typed error."""

from typing import Any

from portal.kit import errors
from portal.kit.models.settings import SettingVersion
from portal.kit.runtime import declare
from portal.kit.runtime.declare import Setting
from portal.kit.runtime.kinds import Refused


def declared(code: str) -> Setting[Any]:
    """The setting of that code, or `NotFound`."""
    found = declare.find(code)
    if found is None:
        raise errors.NotFound
    return found


def understood(one: Setting[Any], sent: object, *, field: str = "value") -> Any:
    """The value that `sent` (JSON) stands for, or `Invalid` with the reason beside `field`."""
    try:
        return one.kind.read(sent)
    except Refused as error:
        raise errors.Invalid(fields={field: [str(error)]}) from error


def value_then(one: Setting[Any], number: int) -> Any:
    """The value of a version of a setting; `NotFound` for none, `Invalid` when the value is not allowed any more."""
    version = version_of(one.code, number)
    return one.installed() if version.value is None else understood(one, version.value)


def version_of(code: str, number: int) -> SettingVersion:
    """The version of that number, when it is one of that setting; `NotFound` otherwise."""
    found = SettingVersion.objects.get_queryset().filter(code=code, number=number).first()
    if found is None:
        raise errors.NotFound
    return found
