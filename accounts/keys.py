"""What the secret of an API key looks like: `sk_live_` or `sk_test_`, 32 random characters, 6 of a checksum.

The checksum (CRC-32 in base 62, over all before it) lets a scanner tell a leaked key from any other text, and us refuse
a mistyped one without asking the database. It protects nothing: the 190 bits of the random part do.
"""

import hmac
import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from portal.kit import crypto

LIVE, TEST = "sk_live_", "sk_test_"
RANDOM, CHECK, LOOK_UP = 32, 6, 8  # Characters.
PURPOSE = "api-key"
_SHAPE = re.compile(r"sk_(?:live|test)_[0-9A-Za-z]{38}")
Network = IPv4Network | IPv6Network


def secret_new(*, live: bool = True) -> str:
    """A new secret. It is shown once; what is kept are `prefix_of` and the first of `digests_of`."""
    body = (LIVE if live else TEST) + crypto.base62(RANDOM)
    return body + checksum(body)


def checksum(body: str) -> str:
    """The six characters that belong behind `body`."""
    number = zlib.crc32(body.encode())
    found = ""
    for _ in range(CHECK):
        number, digit = divmod(number, 62)
        found = crypto.BASE62[digit] + found
    return found


def is_whole(text: str) -> bool:
    """Whether `text` is a secret that was copied without a mistake; says nothing of whether it is known."""
    return _SHAPE.fullmatch(text) is not None and checksum(text[:-CHECK]) == text[-CHECK:]


def prefix_of(secret: str) -> str:
    """How the secret begins: by this much it is found, and shown to people."""
    return secret[: len(LIVE) + LOOK_UP]


def digests_of(secret: str) -> list[bytes]:
    """The keyed hashes of a secret, that of the present SECRET_KEY first."""
    return crypto.keyed(PURPOSE, secret)


def matched(secret: str, kept: bytes) -> int | None:
    """By which of SECRET_KEY (0) and its fallbacks (1, 2, ...) the hash of a row was made; None by none: another secret.

    Compared in constant time, and with all of them whichever fits.
    """
    found = [place for place, digest in enumerate(digests_of(secret)) if hmac.compare_digest(digest, kept)]
    return found[0] if found else None


def network(text: str) -> Network:
    """An address or network as people write it; `ValueError` for anything else. Bits behind the mask are dropped."""
    return ip_network(text.strip(), strict=False)


@lru_cache(maxsize=4096)
def _networks(written: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(map(ip_network, written))


def is_allowed(address: str | None, networks: Sequence[str]) -> bool:
    """Whether a key that is bound to `networks` may be used from `address`. An IPv4 address in the clothes of IPv6 is
    one of IPv4; no address is nowhere."""
    if not networks:
        return True
    if address is None:
        return False
    found = ip_address(address)
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in one for one in _networks(tuple(networks)) if one.version == found.version)
