"""A security key in software: what a browser and the device behind it would answer, right or wrong as a test wishes."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import encode_cbor

from portal.kit import crypto

ORIGIN = "https://steward.example.com"
PRESENT, VERIFIED, MAY_SYNC, SYNCED, ATTESTED = 1, 4, 8, 16, 64


def text(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(written: str) -> bytes:
    """The bytes of it."""
    return urlsafe_b64decode(written + "=" * (-len(written) % 4))


class Authenticator:
    """Holds one credential at a time. `count` is what it says of its uses, None for one that does not count."""

    def __init__(self, *, verifies: bool = True, count: int | None = 0, origin: str = ORIGIN) -> None:
        self.verifies, self.count, self.origin = verifies, count, origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = crypto.token().encode()
        self.user_handle = b""

    def create(self, options: dict[str, Any], **wrong: Any) -> str:
        """The answer to a question for a new credential."""
        self.user_handle = raw(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + encode_cbor(public)
        data = self._data(wrong.get("rp_id", options["rp"]["id"]), ATTESTED) + attested
        told = {
            "clientDataJSON": text(self._client("webauthn.create", options, wrong)),
            "attestationObject": text(encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["usb", "nonsense"],
        }
        return self._answer(told)

    def get(self, options: dict[str, Any], **wrong: Any) -> str:
        """The answer to a question for this credential; `wrong` says what is false in it."""
        if self.count is not None:
            self.count = wrong.get("count", self.count + 1)
        client = self._client(wrong.get("type", "webauthn.get"), options, wrong)
        data = self._data(wrong.get("rp_id", options["rpId"]))
        signed = (wrong.get("key") or self.key).sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        told = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(signed),
        }
        handle = wrong.get("user_handle", self.user_handle)
        return self._answer(told if handle is None else told | {"userHandle": text(handle)})

    def _data(self, rp_id: str, more: int = 0) -> bytes:
        flags = PRESENT | MAY_SYNC | SYNCED | (VERIFIED if self.verifies else 0) | more
        return sha256(rp_id.encode()).digest() + bytes([flags]) + (self.count or 0).to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, Any], wrong: dict[str, Any]) -> bytes:
        said = {
            "type": kind,
            "challenge": wrong.get("challenge", options["challenge"]),
            "origin": wrong.get("origin", self.origin),
            "crossOrigin": wrong.get("cross_origin", False),
        }
        return json.dumps(said).encode()

    def _answer(self, told: dict[str, Any]) -> str:
        return json.dumps(
            {
                "id": text(self.credential_id),
                "rawId": text(self.credential_id),
                "type": "public-key",
                "clientExtensionResults": {},
                "response": told,
            }
        )
