"""Proving that a webhook is Steward's: call `verify` with the raw body, before anything else reads it.

Steward sends by Standard Webhooks (https://www.standardwebhooks.com). A message may come twice and in any order: keep the
`webhook-id` of what you have done, and answer 2xx as soon as you have written the message down.
"""

import base64
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

TOLERANCE_SECONDS = 300  # Older messages may be somebody's recording.


class NotSteward(Exception):
    """The message is not signed under the secret, or too old: answer 401 and do nothing."""


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: float | None = None) -> dict[str, Any]:
    """The message, or `NotSteward`. `secret` is the whole `whsec_...` text, `body` the bytes as they came."""
    found = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, stamp = found["webhook-id"], found["webhook-timestamp"]
        given, sent_at = found["webhook-signature"].split(), int(stamp)
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (KeyError, ValueError) as error:
        raise NotSteward("The headers of a webhook are missing or malformed.") from error
    if not key:
        raise NotSteward("There is no secret to prove it by.")  # Anybody can sign under nothing.
    if abs((time.time() if now is None else now) - sent_at) > TOLERANCE_SECONDS:
        raise NotSteward("The message is too old, or this machine's clock is wrong.")
    digest = hmac.digest(key, f"{message_id}.{stamp}.".encode() + body, "sha256")
    wanted = f"v1,{base64.b64encode(digest).decode()}".encode()
    # During a rotation there are two signatures: one that fits is enough. Every one is compared in constant time.
    if not any(hmac.compare_digest(wanted, one.encode()) for one in given):
        raise NotSteward("No signature fits the secret.")
    message: dict[str, Any] = json.loads(body)
    return message
