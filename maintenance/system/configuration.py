"""Every setting that this process read, with its value, where it came from, and secrets hidden."""

import os
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from portal.kit.configuration import variables

Source = Literal["default", "environment", "file", "generated"]
MASK = "••••••"
# Secrets that are made in the folder of the installation when nobody sets them.
MADE = ("SECRET_KEY", "STEWARD_ENCRYPTION_KEYS")
EMBEDDED = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


@dataclass(frozen=True)
class Setting:
    """A setting. `value` is as it would be written; of a secret only whether it is set, of an address all but the password."""

    name: str
    group: str
    help: str
    value: str
    default: str
    source: Source
    where: str
    secret: bool

    @property
    def changed(self) -> bool:
        """Whether somebody has set it."""
        return self.source in {"environment", "file"}


def settings_read() -> list[Setting]:
    """The settings in the order in which the configuration names them."""
    return [_setting(variable) for members in variables().values() for variable in members]


def _setting(variable: Any) -> Setting:
    source, where = _source(variable)
    return Setting(
        name=variable.name,
        group=variable.group,
        help=variable.help,
        value=_value(variable, source),
        default="" if variable.secret else variable.default,
        source=source,
        where=where,
        secret=variable.secret,
    )


def _source(variable: Any) -> tuple[Source, str]:
    told: str = variable.source
    if told.startswith("file "):
        return "file", told.removeprefix("file ")
    if told == "environment":
        return "environment", ""
    if variable.name in MADE and getattr(settings, variable.name):
        return "generated", str(settings.STEWARD_VAR / "secrets")
    if variable.name in EMBEDDED and _address(variable.name):
        return "generated", str(settings.STEWARD_VAR / "embedded.json")
    return "default", ""


def _value(variable: Any, source: Source) -> str:
    if not variable.secret:
        return os.environ.get(variable.name, "").strip() if source == "environment" else variable.default
    if variable.name in EMBEDDED and (shown := _address(variable.name)):
        return shown
    is_set = source in {"file", "generated"} or bool(os.environ.get(variable.name, "").strip())
    return MASK if is_set else ""


def _address(name: str) -> str:
    """The address of a server without its password; that of the owner is not among what a web process needs to show."""
    if name == "REDIS_URL":
        return _without_password(settings.REDIS_URL)
    if name == "DATABASE_OWNER_URL":
        return ""
    values = settings.DATABASES["default"]
    if values["PORT"] == "1":  # Nobody has started the embedded server yet.
        return ""
    return f"postgresql://{values['USER']}:{MASK}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


def _without_password(url: str) -> str:
    if not url:
        return ""
    parts = urlsplit(url)
    where = parts.hostname or ""
    if parts.port:
        where = f"{where}:{parts.port}"
    who = f"{parts.username or ''}:{MASK}@" if parts.password else ""
    # The query of such an address may hold a password as well.
    return urlunsplit(parts._replace(netloc=f"{who}{where}", query=""))
