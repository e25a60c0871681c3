"""Secrets: random tokens, keyed hashes, and authenticated encryption under named keys.

`STEWARD_ENCRYPTION_KEYS` holds `id:base64` keys of 32 bytes; the first encrypts, all decrypt. A sealed value names its
key, so that keys can rotate.
"""

import base64
import binascii
import hmac
import os
import secrets
import string
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def token(size: int = 32) -> str:
    """A random URL-safe token of `size` bytes of entropy."""
    return secrets.token_urlsafe(size)


def digest(value: str) -> bytes:
    """SHA-256 of a token that has full entropy of its own (session and link tokens), 32 bytes, for look-up."""
    return sha256(value.encode()).digest()


def signature(purpose: str, value: str) -> str:
    """A keyed hash (HMAC-SHA-256, hex) of `value` for one `purpose`, under SECRET_KEY."""
    return _signed(settings.SECRET_KEY, purpose, value)


def is_signature(purpose: str, value: str, given: str) -> bool:
    """Whether `given` is the signature of `value` under SECRET_KEY or one of the earlier keys; in constant time."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(hmac.compare_digest(_signed(key, purpose, value).encode(), given.encode()) for key in keys)


def _signed(key: str, purpose: str, value: str) -> str:
    return hmac.new(key.encode(), f"{purpose}\0{value}".encode(), sha256).hexdigest()


def base62(size: int) -> str:
    """So many random letters and digits, 5.95 bits of entropy each."""
    return "".join(secrets.choice(BASE62) for _ in range(size))


def keyed(purpose: str, value: str) -> list[bytes]:
    """The keyed hashes (HMAC-SHA-256, 32 bytes) of `value` for one `purpose`: under SECRET_KEY, by which new ones are
    made, then under each of SECRET_KEY_FALLBACKS, by which older ones still verify."""
    message = f"{purpose}\0{value}".encode()
    return [hmac.digest(_derived(purpose, key), message, "sha256") for key in (settings.SECRET_KEY, *_fallbacks())]


def _fallbacks() -> list[str]:
    found: list[str] = settings.SECRET_KEY_FALLBACKS
    return found


@lru_cache(maxsize=32)
def _derived(purpose: str, key: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"steward:{purpose}".encode()).derive(key.encode())


def parse_keys(written: str, *, setting: str = "STEWARD_ENCRYPTION_KEYS") -> dict[str, bytes]:
    """The keys of such a `setting` by id, the active one first; raises `ImproperlyConfigured`."""
    keys: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in written.split(","))):
        name, separator, encoded = entry.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not separator or not name or len(key) != 32:
            raise ImproperlyConfigured(
                f"{setting} is malformed. Write id:key, the key as base64 of 32 random bytes "
                "(for example from `openssl rand -base64 32`), several separated by commas."
            )
        keys[name] = key
    if not keys:
        raise ImproperlyConfigured(f"{setting} is empty. Write id:key, the key as base64 of 32 random bytes.")
    return keys


@lru_cache(maxsize=32)
def _keys(written: str, purpose: str) -> dict[str, AESGCM]:
    return {
        name: AESGCM(HKDF(SHA256(), 32, salt=None, info=f"steward:{purpose}".encode()).derive(key))
        for name, key in parse_keys(written).items()
    }


def seal(purpose: str, plain: bytes, *, bound_to: bytes = b"") -> tuple[str, bytes]:
    """Encrypt under the active key: (key id, nonce + ciphertext + tag). `bound_to` must be given again to open."""
    name, cipher = next(iter(_keys(settings.STEWARD_ENCRYPTION_KEYS, purpose).items()))
    nonce = os.urandom(NONCE_BYTES)
    return name, nonce + cipher.encrypt(nonce, plain, bound_to)


def unseal(purpose: str, key_id: str, sealed: bytes, *, bound_to: bytes = b"") -> bytes:
    """Decrypt what `seal` made; raises `CannotDecrypt` for an unknown key or a changed value."""
    cipher = _keys(settings.STEWARD_ENCRYPTION_KEYS, purpose).get(key_id)
    if cipher is None:
        raise CannotDecrypt(f"Key {key_id} is not among STEWARD_ENCRYPTION_KEYS; add it to read what it encrypted.")
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except InvalidTag:
        raise CannotDecrypt("A sealed value was changed, or belongs to another row.") from None


class CannotDecrypt(Exception):
    """The key is missing or the value was tampered with."""
