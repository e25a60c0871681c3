"""var/embedded.json: what the embedded servers were given at their first start and who runs them now."""

import contextlib
import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self, TypedDict

from portal.embedded.account import own_like
from portal.embedded.errors import EmbeddedError, from_os_error
from portal.embedded.ports import LOOPBACK
from portal.embedded.processes import Identity

NAME = "embedded.json"
VAR = "var"
INSIDE = "embedded"
DATABASE = "steward"
ADMIN = "steward_admin"


def new_password() -> str:
    """Return 192 random bits as hex digits, which no URL or configuration file needs to quote."""
    return secrets.token_hex(24)


class Recorded(TypedDict):
    """What others may read: addresses with passwords ('' where the server is not ours), data folder, liveness."""

    database_url: str
    database_owner_url: str
    admin_url: str
    redis_url: str
    data: str
    running: bool


@dataclass
class Record:
    """The file's content, 0600 because passwords are in clear; a relative `place` is below var/ and moves with it."""

    place: str = ""
    account: str = ""
    postgres_port: int = 0
    redis_port: int = 0
    admin_password: str = field(default_factory=new_password)
    owner_password: str = field(default_factory=new_password)
    app_password: str = field(default_factory=new_password)
    redis_password: str = field(default_factory=new_password)
    processes: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def load(cls, var: Path) -> Self | None:
        """Read the file in `var`; None when there is none. Raises EmbeddedError when it cannot be understood."""
        path = var / NAME
        try:
            told = json.loads(path.read_text())
            return cls(**{name: told[name] for name in cls.__dataclass_fields__})
        except FileNotFoundError:
            return None
        except OSError as error:
            raise from_os_error(error, path) from error
        except (ValueError, KeyError, TypeError) as error:
            raise EmbeddedError(
                f"{path} cannot be understood: delete it (the data stay, new passwords are made) and start again."
            ) from error

    def save(self, var: Path) -> None:
        """Replace the file in one step; it belongs to the owner of var/, so that root locks no user out."""
        # An address that is '' here would hide the environment's own from whoever reads the file.
        addresses = {key: value for key, value in public(var, self).items() if key != "running" and value}
        content = {**addresses, **asdict(self)}
        try:
            descriptor, name = tempfile.mkstemp(prefix=".embedded.", dir=var)
            try:
                with os.fdopen(descriptor, "w") as stream:
                    json.dump(content, stream, indent=1)
                    stream.flush()
                    os.fsync(stream.fileno())
                own_like(Path(name), var)
                Path(name).replace(var / NAME)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            raise from_os_error(error, var) from error

    def process(self, name: str) -> Identity | None:
        """Return who ran as `name` when it was last recorded, None when nothing is recorded."""
        told = self.processes.get(name)
        return Identity(told["pid"], told["started"]) if told else None

    def remember(self, name: str, who: Identity | None) -> None:
        """Note who runs as `name` (None: nobody); the caller saves."""
        if who is None:
            self.processes.pop(name, None)
        else:
            self.processes[name] = asdict(who)

    def postgres_url(self, user: str, password: str) -> str:
        """Return the address of our database for a login; '' before PostgreSQL ever had a port."""
        if not self.postgres_port:
            return ""
        return f"postgresql://{user}:{password}@{LOOPBACK}:{self.postgres_port}/{DATABASE}"

    def redis_url(self) -> str:
        """Return the address of our Redis, '' before it ever had a port."""
        return f"redis://:{self.redis_password}@{LOOPBACK}:{self.redis_port}/0" if self.redis_port else ""


def public(var: Path, record: Record) -> Recorded:
    """Return what others may read of a record."""
    supervisor = record.process("supervisor")
    return Recorded(
        database_url=record.postgres_url("steward_app", record.app_password),
        database_owner_url=record.postgres_url("steward_owner", record.owner_password),
        admin_url=record.postgres_url(ADMIN, record.admin_password),
        redis_url=record.redis_url(),
        data=str(var / record.place),
        running=supervisor is not None and supervisor.alive(),
    )
