"""How access and refresh tokens are written: a prefix that says what they are, a random part, and a checksum.

`st_at_` or `st_rt_`, 43 characters of 32 random bytes, and the CRC-32 of all before in 6 letters and digits: a scanner
of leaked secrets recognises one, and a mistyped one is refused without a question to the database.
"""

import re
from zlib import crc32

from portal.kit import crypto

ACCESS, REFRESH = "st_at_", "st_rt_"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECKSUM = 6
_FORM = re.compile(r"st_(?:at|rt)_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}", re.ASCII)


def make(prefix: str) -> str:
    """A new token."""
    body = prefix + crypto.token()
    return body + checksum(body)


def well_formed(token: str, prefix: str) -> bool:
    """Whether `token` is one that `make(prefix)` can have made; says nothing about who has it."""
    return (
        token.startswith(prefix)
        and _FORM.fullmatch(token) is not None
        and checksum(token[:-CHECKSUM]) == token[-CHECKSUM:]
    )


def checksum(body: str) -> str:
    """The CRC-32 of `body`, 6 characters. Against typing errors, not against people: it is no secret."""
    number, letters = crc32(body.encode()), ""
    for _ in range(CHECKSUM):
        number, place = divmod(number, len(_ALPHABET))
        letters = _ALPHABET[place] + letters
    return letters
