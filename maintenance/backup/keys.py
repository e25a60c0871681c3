"""The keys that backups are encrypted with, by id: not those of the data at rest, and never inside a backup."""

from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from maintenance.backup.errors import UnknownKey
from portal.kit import crypto

SETTING = "STEWARD_BACKUP_KEYS"


@dataclass(frozen=True)
class BackupKey:
    """A key of 32 bytes and the id that stands in everything it encrypted."""

    id: str
    secret: bytes

    def derive(self, purpose: str, salt: bytes = b"") -> bytes:
        """A key of 32 bytes for one purpose (HKDF-SHA-256, RFC 5869); with a random salt, for one file."""
        return HKDF(SHA256(), 32, salt=salt or None, info=f"steward:backup:{purpose}".encode()).derive(self.secret)


@lru_cache(maxsize=8)
def _parsed(written: str) -> dict[str, BackupKey]:
    return {name: BackupKey(name, key) for name, key in crypto.parse_keys(written, setting=SETTING).items()}


def all_keys() -> dict[str, BackupKey]:
    """The configured keys by id, the active one first; raises `ImproperlyConfigured` when there is none."""
    return _parsed(settings.STEWARD_BACKUP_KEYS)


def active() -> BackupKey:
    """The key that new backups are encrypted with."""
    return next(iter(all_keys().values()))


def find(key_id: str, *, file: str) -> BackupKey:
    """The key of that id; raises `UnknownKey`, which says what `file` needs and where it is set."""
    try:
        return all_keys()[key_id]
    except KeyError:
        raise UnknownKey(key_id, file) from None
