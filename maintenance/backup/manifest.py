"""The manifest: what a backup consists of. It is written last, so a backup without one does not exist.

It is JSON that anybody can read, authenticated under the backup key: an altered one is refused.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _

from maintenance.backup import keys
from maintenance.backup.errors import Damaged, ForeignFile, NoSuchFile, NotABackup, UnknownVersion
from maintenance.backup.keys import BackupKey
from maintenance.backup.targets import Target

NAME = "manifest.json"
FORMAT = "steward-backup"
VERSION = 1
MOST_BYTES = 64 << 20  # A manifest of a million tables; more is not a manifest.
PURPOSE = "manifest"
SCHEMA, DATA, UPLOADS, CONFIGURATION = "schema", "data", "uploads", "configuration"


@dataclass(frozen=True)
class File:
    """A stored file: `size` and `sha256` (hex) are of the stored bytes, `plain_size` of what is inside."""

    name: str
    kind: str
    size: int
    sha256: str
    plain_size: int
    tables: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Manifest:
    """Everything that a restore must know beforehand. `tables` are exact row counts of the dump's own snapshot."""

    id: str
    created_at: str
    reason: str
    key_id: str
    application_version: str
    server_version: int
    server_version_text: str
    dump_version: str
    database: str
    migrations: list[str]
    tables: dict[str, int]
    files: list[File]
    seconds: float = 0.0

    @property
    def made_at(self) -> datetime:
        """The moment of the snapshot, aware, in UTC: what a restore brings back."""
        return datetime.fromisoformat(self.created_at)

    @property
    def stored_bytes(self) -> int:
        """What it takes at one target, without the manifest."""
        return sum(file.size for file in self.files)

    @property
    def plain_bytes(self) -> int:
        """What is inside, before compression."""
        return sum(file.plain_size for file in self.files)

    def of_kind(self, kind: str) -> list[File]:
        """The files of one kind, in the order in which they were listed."""
        return [file for file in self.files if file.kind == kind]


def stored_name(backup_id: str, name: str) -> str:
    """The path of a file at a target, which is also what its own header says."""
    return f"{backup_id}/{name}"


def write(manifest: Manifest, key: BackupKey) -> bytes:
    """The bytes to store."""
    body = {"format": FORMAT, "version": VERSION, **asdict(manifest)}
    return json.dumps({"manifest": body, "authentication": _mac(body, key)}, indent=1, sort_keys=True).encode()


def read(raw: bytes, *, file: str) -> Manifest:
    """Check and parse; raises `ForeignFile`, `UnknownVersion`, `UnknownKey` or, for an altered one, `Damaged`."""
    body, mac = _body_of(raw, file)
    key = keys.find(str(body.get("key_id", "")), file=file)
    if not hmac.compare_digest(mac, _mac(body, key)):
        raise Damaged(
            file, 0, _("its content does not match its authentication: it was altered, or the key is another one.")
        )
    return _parsed(body, file)


def peek(raw: bytes, *, file: str) -> Manifest:
    """Parse without the key, for a list alone: nothing in it is proved."""
    return _parsed(_body_of(raw, file)[0], file)


def load(target: Target, backup_id: str) -> Manifest:
    """The checked manifest of a backup at a target; raises `NotABackup` when there is none."""
    raw = fetch(target, backup_id)
    manifest = read(raw, file=stored_name(backup_id, NAME))
    if manifest.id != backup_id:
        raise Damaged(stored_name(backup_id, NAME), 0, _("it belongs to the backup %(id)s.") % {"id": manifest.id})
    return manifest


def fetch(target: Target, backup_id: str) -> bytes:
    """The manifest's bytes as stored."""
    path = stored_name(backup_id, NAME)
    try:
        with target.reader(path) as source:
            pieces, size = [], 0
            while piece := source.read(1 << 20):
                pieces.append(piece)
                size += len(piece)
                if size > MOST_BYTES:
                    raise ForeignFile(_("%(file)s is far too large for a manifest.") % {"file": path})
            return b"".join(pieces)
    except NoSuchFile as error:
        raise NotABackup(
            _("There is no finished backup %(id)s at %(target)s: it has no manifest. Choose one of the list.")
            % {"id": backup_id, "target": target.name}
        ) from error


def _body_of(raw: bytes, file: str) -> tuple[Mapping[str, Any], str]:
    try:
        whole = json.loads(raw)
        body, mac = whole["manifest"], str(whole["authentication"])
        known = body["format"] == FORMAT
        version = body["version"]
    except ValueError as error:
        raise Damaged(file, getattr(error, "pos", 0), _("it is no longer JSON.")) from error
    except (KeyError, TypeError):
        known, version = False, 0
    if not known:
        raise ForeignFile(
            _("%(file)s is not a manifest of Steward. Choose a folder that Steward wrote.") % {"file": file}
        )
    if version != VERSION:
        raise UnknownVersion(
            _("%(file)s has format %(found)s, and this Steward reads format %(known)d. Restore it with the newer one.")
            % {"file": file, "found": version, "known": VERSION}
        )
    return body, mac


def _parsed(body: Mapping[str, Any], file: str) -> Manifest:
    values = {key: value for key, value in body.items() if key not in {"format", "version"}}
    try:
        return Manifest(**{**values, "files": [File(**entry) for entry in values["files"]]})
    except (KeyError, TypeError) as error:
        raise Damaged(file, 0, _("a field is missing or unknown (%(why)s).") % {"why": error}) from error


def _mac(body: Mapping[str, Any], key: BackupKey) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    return hmac.new(key.derive(PURPOSE), canonical, sha256).hexdigest()
