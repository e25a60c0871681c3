"""The format of a stored file: compressed, then encrypted in blocks that can be neither altered, cut nor reordered.

    magic "STWDBACK" | version 1 byte | key id (1 byte length + UTF-8) | name (2 bytes length + UTF-8) | salt 32 bytes
    then blocks: 4 bytes (highest bit: this is the last; the rest: length) | AES-256-GCM of up to 1 MiB, with its tag

Each file has a key of its own, derived from the backup key and the salt, so block numbers can be nonces (the STREAM
construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015): 11 bytes number, 1 byte "last". The header is
authenticated with every block. All blocks but the last are full. Numbers are big-endian. Inside is one zstd frame.
"""

import os
import struct
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils.translation import gettext as _

from maintenance.backup import keys
from maintenance.backup.errors import Damaged, ForeignFile, UnknownVersion
from maintenance.backup.keys import BackupKey

MAGIC = b"STWDBACK"
VERSION = 1
BLOCK = 1 << 20  # Bytes of compressed data in one block: the memory that reading and writing need, a few times over.
TAG = 16
SALT = 32
LAST = 1 << 31
LEVEL = 1  # Of zstd: the levels above cost more time than the link or disk gives back.
PURPOSE = "file"


class Source(Protocol):
    """What stored bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""


def header(key_id: str, name: str, salt: bytes) -> bytes:
    """The bytes that a file begins with."""
    key, title = key_id.encode(), name.encode()
    return MAGIC + struct.pack(">BB", VERSION, len(key)) + key + struct.pack(">H", len(title)) + title + salt


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


class Sealer:
    """Compresses and encrypts what is written to it, and hands the stored bytes to `sink`, block by block."""

    def __init__(self, sink: Callable[[bytes], object], *, key: BackupKey, name: str, threads: int = 0) -> None:
        salt = os.urandom(SALT)
        self._sink = sink
        self._header = header(key.id, name, salt)
        self._cipher = AESGCM(key.derive(PURPOSE, salt))
        self._chunker: Any = zstandard.ZstdCompressor(level=LEVEL, threads=threads).chunker(chunk_size=BLOCK)
        self._number = 0
        self._held: bytes | None = None  # The newest full block: whether it is the last one, only the end tells.
        self.plain_bytes = 0
        sink(self._header)

    def write(self, data: bytes) -> int:
        """Take plain bytes; whole blocks go out at once."""
        self.plain_bytes += len(data)
        for block in self._chunker.compress(data):
            self._hold(block)
        return len(data)

    def close(self) -> None:
        """Write what is left, marked as the end. Without it the file reads as cut off."""
        for block in self._chunker.finish():
            self._hold(block)
        self._emit(self._held or b"", last=True)

    def _hold(self, block: bytes) -> None:
        if self._held is not None:
            self._emit(self._held, last=False)
        self._held = block

    def _emit(self, block: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), block, self._header)
        self._sink(struct.pack(">I", len(sealed) | (LAST if last else 0)))
        self._sink(sealed)
        self._number += 1


class Opener:
    """Reads a stored file from its beginning. `name` is the one it must have been written under."""

    def __init__(self, source: Source, *, name: str) -> None:
        self._source = source
        self.name = name
        self.offset = 0
        raw = self._exactly(len(MAGIC), foreign=True)
        if raw != MAGIC:
            raise ForeignFile(
                _("%(file)s does not begin like a file of a backup. Choose a folder that Steward wrote.")
                % {"file": name}
            )
        version = self._exactly(1)
        if version[0] != VERSION:
            raise UnknownVersion(
                _(
                    "%(file)s has format %(found)d, and this Steward reads format %(known)d. Restore it with the newer one."
                )
                % {"file": name, "found": version[0], "known": VERSION}
            )
        self._read_names(raw + version)

    def _read_names(self, begin: bytes) -> None:
        length = self._exactly(1)
        key_id = self._exactly(length[0])
        size = self._exactly(2)
        title = self._exactly(struct.unpack(">H", size)[0])
        salt = self._exactly(SALT)
        self._header = begin + length + key_id + size + title + salt
        # Anybody can write a header; that nobody altered it, the first block proves.
        self.key_id = key_id.decode("utf-8", "replace")
        if title.decode("utf-8", "replace") != self.name:
            raise Damaged(
                self.name,
                len(begin) + 1 + len(key_id) + 2,
                _("it was written under the name %(name)s.") % {"name": title.decode("utf-8", "replace")[:200]},
            )
        self._cipher = AESGCM(keys.find(self.key_id, file=self.name).derive(PURPOSE, salt))

    def blocks(self) -> Iterator[bytes]:
        """The decrypted, still compressed blocks in order; raises `Damaged` at the first that is not as it was."""
        number, last = 0, False
        while not last:
            at = self.offset
            length = int(struct.unpack(">I", self._exactly(4))[0])
            last, length = bool(length & LAST), length & ~LAST
            if length > BLOCK + TAG or length < TAG or (not last and length != BLOCK + TAG):
                raise Damaged(self.name, at, _("the length of block %(number)d was altered.") % {"number": number})
            sealed = self._exactly(length)
            try:
                yield self._cipher.decrypt(_nonce(number, last=last), sealed, self._header)
            except InvalidTag:
                raise Damaged(
                    self.name, at, _("block %(number)d was altered, or the key is another one.") % {"number": number}
                ) from None
            number += 1
        if self._source.read(1):
            raise Damaged(self.name, self.offset, _("there are bytes after its end."))

    def plain(self) -> Iterator[bytes]:
        """The plain bytes, in pieces of at most 1 MiB: a few bytes of a block may stand for gigabytes of zeros."""
        blocks: Any = _Blocks(self.blocks())  # zstd reads from anything that has `read`
        reader = zstandard.ZstdDecompressor().stream_reader(blocks)
        while True:
            at = self.offset
            try:
                piece = reader.read(BLOCK)
            except zstandard.ZstdError as error:
                raise Damaged(self.name, at, _("it cannot be decompressed (%(why)s).") % {"why": error}) from error
            if not piece:
                break
            yield piece
        if blocks.read(1):  # Also reads on to the block that is marked as the last.
            raise Damaged(self.name, self.offset, _("there is data after the end of its compressed part."))

    def _exactly(self, size: int, *, foreign: bool = False) -> bytes:
        got = b""
        while len(got) < size:
            piece = self._source.read(size - len(got))
            if not piece:
                if foreign and not MAGIC.startswith(got):
                    break
                raise Damaged(
                    self.name,
                    self.offset + len(got),
                    _("it is cut off; %(missing)d more bytes were expected here.") % {"missing": size - len(got)},
                )
            got += piece
        self.offset += len(got)
        return got


class _Blocks:
    """Blocks as something to read from, as zstd wants it; a block is handed out in pieces of what was asked for."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; empty only at the end."""
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._rest = memoryview(block)
        size = len(self._rest) if size < 0 else size
        piece, self._rest = bytes(self._rest[:size]), self._rest[size:]
        return piece
