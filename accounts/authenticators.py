"""What an authenticator is asked and whether it answered right, by the `webauthn` library; nothing is stored here.

The relying party comes from STEWARD_PUBLIC_URL alone: with a forged Host header nobody gets a passkey of this site to
sign for another.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from django.conf import settings
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import options_to_json_dict, parse_authentication_credential_json, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.factor_forms import ANSWER_LIMIT
from accounts.models import Passkey, User
from portal.kit.settings import BRAND_NAME

TIMEOUT_MS = 120_000  # How long the browser waits for the person.
NO_MAKE = UUID(int=0)
_ORIGIN = re.compile(r"https?://[^/]+\Z")


@dataclass(frozen=True)
class RelyingParty:
    """Whom a passkey is made for: a domain, and the one origin at which it may be used."""

    id: str
    origin: str


def relying_party() -> RelyingParty | None:
    """This installation as passkeys know it; None where its address is a number, for which browsers make none.

    The loopback address stands for `localhost`, at which browsers allow passkeys without https.
    """
    return _party(settings.STEWARD_PUBLIC_URL)


@lru_cache(maxsize=8)
def _party(url: str) -> RelyingParty | None:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    try:
        address = ip_address(host)
    except ValueError:
        return RelyingParty(host, _without_usual_port(origin, parts.port)) if _ORIGIN.match(origin) and host else None
    if not address.is_loopback:
        return None
    port = f":{parts.port}" if parts.port else ""
    return RelyingParty("localhost", _without_usual_port(f"{parts.scheme}://localhost{port}", parts.port))


def _without_usual_port(origin: str, port: int | None) -> str:
    """As browsers write an origin: lower case, no port that goes without saying."""
    usual = {"https": 443, "http": 80}[origin.partition(":")[0]]
    return (origin.removesuffix(f":{port}") if port == usual else origin).lower()


@dataclass(frozen=True)
class Made:
    """A new credential, as its authenticator describes it."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: str
    syncs: bool
    backed_up: bool
    aaguid: UUID | None


@dataclass(frozen=True)
class Used:
    """A right answer: the authenticator's count of uses, whether it is backed up now."""

    sign_count: int
    backed_up: bool


def registration_options(party: RelyingParty, user: User, challenge: bytes, known: Iterable[Passkey]) -> dict[str, Any]:
    """What `navigator.credentials.create()` is asked, as JSON. The `known` ones are not made twice on one device."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=BRAND_NAME.value(),
        user_id=user.pk.bytes,  # Names nobody, as the standard demands.
        user_name=user.username,
        user_display_name=str(user),
        challenge=challenge,
        timeout=TIMEOUT_MS,
        exclude_credentials=_descriptors(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return options_to_json_dict(options)


def authentication_options(party: RelyingParty, challenge: bytes, allowed: Iterable[Passkey]) -> dict[str, Any]:
    """What `navigator.credentials.get()` is asked, as JSON. With nothing `allowed` the person chooses a passkey that
    is kept on a device, which must then make sure who it is."""
    descriptors = _descriptors(allowed)
    wanted = UserVerificationRequirement.PREFERRED if descriptors else UserVerificationRequirement.REQUIRED
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=descriptors,
        user_verification=wanted,
    )
    return options_to_json_dict(options)


def _descriptors(passkeys: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=bytes(passkey.credential_id),
            transports=[AuthenticatorTransport(name) for name in passkey.transports.split(",") if name] or None,
        )
        for passkey in passkeys
    ]


def made(party: RelyingParty, challenge: bytes, answer: str) -> Made | None:
    """The credential that an answer to `registration_options` holds; None for an answer that is not right."""
    try:
        sent = _object(answer)
        verified = verify_registration_response(
            credential=sent,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
        transports = sent["response"].get("transports") or []
        known = {one.value for one in AuthenticatorTransport}
        return Made(
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            transports=",".join(sorted(known & {name for name in transports if isinstance(name, str)})),
            syncs=verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            backed_up=verified.credential_backed_up,
            aaguid=UUID(verified.aaguid) if UUID(verified.aaguid) != NO_MAKE else None,
        )
    except Exception:  # noqa: BLE001 - whatever hostile bytes make the library stumble over, the answer is no
        return None


@dataclass(frozen=True)
class Named:
    """Which credential an answer says to come from, whose, and what it was asked; none of it is proved yet."""

    credential_id: bytes
    user_handle: bytes | None
    challenge: bytes


def named(answer: str) -> Named | None:
    """What an answer says of itself; None for what is none."""
    try:
        sent = parse_authentication_credential_json(_object(answer))
        asked = parse_client_data_json(sent.response.client_data_json).challenge
    except Exception:  # noqa: BLE001 - as above
        return None
    return Named(sent.raw_id, sent.response.user_handle, asked)


def used(
    party: RelyingParty, challenge: bytes, answer: str, passkey: Passkey, *, verify_person: bool = False
) -> Used | None:
    """What a right answer of `passkey` says; None for one that is not right. The caller compares the counts.

    `verify_person`: the device must have made sure who holds it (PIN, finger, face), not only that somebody does.
    """
    try:
        sent = parse_authentication_credential_json(_object(answer))
        verified = verify_authentication_response(
            credential=sent,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=0,  # A count that fell is told apart from a wrong answer.
            require_user_verification=verify_person,
        )
        if parse_client_data_json(sent.response.client_data_json).cross_origin:
            return None  # Asked by a page of somebody else around ours.
    except Exception:  # noqa: BLE001 - as above
        return None
    return Used(verified.new_sign_count, verified.credential_backed_up)


def _object(answer: str) -> dict[str, Any]:
    if len(answer) > ANSWER_LIMIT:
        raise ValueError("longer than any answer is")
    sent = orjson.loads(answer)
    if not isinstance(sent, dict):
        raise TypeError("not an object")
    return sent
