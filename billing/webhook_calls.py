"""One call of a receiver: signed, bounded, never into our own network. Touches no database, so many go on at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from billing.models import WebhookDelivery
from billing.services.webhook_deliveries import Outcome
from portal.kit import clock, webhooks
from portal.kit.outgoing import AddressForbidden, NotAnswered, post

GONE = 410
AGENT = "Steward-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent, and where to."""

    url: str
    message_id: UUID
    body: bytes
    secrets: tuple[bytes, ...]

    @classmethod
    def of(cls, delivery: WebhookDelivery, secrets: Sequence[bytes]) -> "Call":
        """The call of a delivery."""
        return cls(delivery.endpoint.url, delivery.message_id, delivery.body.encode(), tuple(secrets))


def make(call: Call) -> Outcome:
    """Make it; a status from 200 to 299 is a delivery, a redirect is not, and 410 says that nothing more is wanted."""
    started = clock.steady()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        **webhooks.signed_headers(call.secrets, call.message_id, clock.now(), call.body),
    }
    try:
        answer = post(call.url, call.body, headers)
    except (NotAnswered, AddressForbidden) as error:
        told = error.told if isinstance(error, NotAnswered) else str(error.detail)
        return Outcome(False, None, told, "", int((clock.steady() - started) * 1000))
    delivered = 200 <= answer.status < 300
    told = "" if delivered else f"It answered {answer.status}."
    return Outcome(delivered, answer.status, told, answer.excerpt, answer.millis, gone=answer.status == GONE)
