"""Typed readers of the environment.

Each reader registers what it read, so that `.env.example`, the configuration reference and the system page are
generated from the same list that the settings use. Any secret may come from a file named by `<NAME>_FILE`.
A value that cannot be understood raises `ImproperlyConfigured` naming the setting and what to write.
"""

import json
import os
import secrets
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Variable:
    """One environment variable: what it means, its default as it would be written, and where its value came from."""

    name: str
    group: str
    help: str
    default: str
    secret: bool
    source: str


VARIABLES: dict[str, Variable] = {}


def _read(name: str, *, default: str, group: str, help_text: str, secret: bool = False) -> str:
    value, source = default, "default"
    path = os.environ.get(f"{name}_FILE") if secret else None
    if os.environ.get(name) or (name in os.environ and not path):
        value, source = os.environ[name], "environment"
    elif path:
        try:
            value, source = Path(path).read_text("utf-8").strip(), f"file {path}"
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "not UTF-8 text"
            raise ImproperlyConfigured(
                f"{name}_FILE names {path}, which cannot be read ({why}). Point it at a readable file."
            ) from error
    VARIABLES[name] = Variable(name, group, help_text, default, secret, source)
    return value.strip()


def text(name: str, default: str = "", *, group: str, help_text: str, secret: bool = False) -> str:
    """A string; surrounding white space is dropped."""
    return _read(name, default=default, group=group, help_text=help_text, secret=secret)


def choice(name: str, choices: tuple[str, ...], *, group: str, help_text: str) -> str:
    """One of `choices`; the first is the default."""
    value = text(name, choices[0], group=group, help_text=help_text).lower()
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}. Write one of: {', '.join(choices)}.")
    return value


def flag(name: str, default: bool, *, group: str, help_text: str) -> bool:
    """A yes or no: 1/0, true/false, yes/no, on/off."""
    value = text(name, "1" if default else "0", group=group, help_text=help_text).lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}. Write 1 or 0.")


def number(name: str, default: int, *, low: int, high: int, group: str, help_text: str) -> int:
    """A whole number between `low` and `high`, both included."""
    value = text(name, str(default), group=group, help_text=help_text)
    try:
        result = int(value)
    except ValueError:
        result = low - 1
    if not low <= result <= high:
        raise ImproperlyConfigured(f"{name} is {value!r}. Write a whole number from {low} to {high}.")
    return result


def words(name: str, default: str = "", *, group: str, help_text: str) -> list[str]:
    """A comma-separated list; empty entries are dropped."""
    return [word.strip() for word in text(name, default, group=group, help_text=help_text).split(",") if word.strip()]


def database(url: str, *, name: str) -> dict[str, object]:
    """Django's connection settings out of a `postgresql://user:password@host:port/name?sslmode=...` URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(
            f"{name} is not a PostgreSQL URL. Write postgresql://user:password@host:5432/name (the only database "
            "that Steward runs on is PostgreSQL 15 to 18)."
        )
    options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(port),
        "OPTIONS": {key: unquote(value) for key, value in options.items()},
    }


def redis(url: str, *, name: str) -> str:
    """The URL itself, refused with a sentence when it is not one of Redis."""
    try:
        parts = urlsplit(url)
        understood = parts.scheme in {"redis", "rediss", "unix"} and (parts.port is None or parts.port > 0)
    except ValueError:
        understood = False
    if url and not understood:
        raise ImproperlyConfigured(
            f"{name} is not a Redis URL. Write redis://:password@host:6379/0 (or rediss:// for TLS)."
        )
    return url


def embedded(var: Path) -> dict[str, str]:
    """What the embedded servers of this folder wrote down: their URLs, or nothing when they were never started."""
    try:
        loaded = json.loads((var / "embedded.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in loaded.items() if isinstance(value, str)} if isinstance(loaded, dict) else {}


def same_server(url: str, other: str) -> str:
    """`url`, or nothing when it names another server than `other`: the embedded one's logins end at its door."""
    mine, its = urlsplit(url), urlsplit(other)
    return url if url and (mine.hostname, mine.port) == (its.hostname, its.port) else ""


def local_secret(var: Path, name: str) -> str:
    """A random secret of this folder, made once and kept in `var/secrets/<name>` (mode 0600); never used in production.

    An unwritable folder gives a value for this process alone: nothing secret is ever a constant of the source.
    """
    path = var / "secrets" / name
    for _ in range(2):
        try:
            return path.read_text("ascii").strip()
        except OSError:
            value = b64encode(secrets.token_bytes(32)).decode("ascii")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Written aside and linked, so that two processes starting at once agree on one value.
            draft = path.with_name(f"{name}.{os.getpid()}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                stream.write(value)
            try:
                os.link(draft, path)
            except FileExistsError:
                continue
            finally:
                draft.unlink()
        except OSError:
            break
        return value
    return value
