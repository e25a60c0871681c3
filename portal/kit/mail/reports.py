"""What a mail provider reports of addresses, as Anymail reads its documented payloads."""

import hmac
import warnings
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from anymail.exceptions import AnymailError  # type: ignore[import-untyped]
from anymail.signals import EventType, RejectReason  # type: ignore[import-untyped]
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest

from portal.kit import errors
from portal.kit.mail import services
from portal.kit.mail.delivery import ses_parameters
from portal.kit.mail.services import Reason

NO_SUCH_ADDRESS = frozenset({RejectReason.BOUNCED, RejectReason.INVALID})


@dataclass(frozen=True)
class Report:
    """An address that takes no mail, and why."""

    address: str
    reason: Reason
    detail: str


def _ses() -> Any:
    from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView  # type: ignore[import-untyped]

    return AmazonSESTrackingWebhookView(
        webhook_secret=settings.STEWARD_MAIL_WEBHOOK_SECRET, client_params=ses_parameters()
    )


def _sendgrid() -> Any:
    from anymail.webhooks.sendgrid import SendGridTrackingWebhookView  # type: ignore[import-untyped]

    return SendGridTrackingWebhookView(webhook_secret=settings.STEWARD_MAIL_WEBHOOK_SECRET)


PROVIDERS: Mapping[str, Callable[[], Any]] = {"ses": _ses, "sendgrid": _sendgrid}


def is_authorised(request: HttpRequest) -> bool:
    """Whether the request brings STEWARD_MAIL_WEBHOOK_SECRET as basic authentication; compared in constant time."""
    scheme, _space, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    try:
        written = b64decode(given.strip(), validate=True)
    except ValueError:
        written = b""
    same = hmac.compare_digest(written, settings.STEWARD_MAIL_WEBHOOK_SECRET.encode())
    return same and scheme.lower() == "basic" and bool(settings.STEWARD_MAIL_WEBHOOK_SECRET)


def reports_take(*, provider: str, request: HttpRequest) -> int:
    """Suppress the addresses that a provider's call reports; returns how many were not known.

    A soft bounce (a full mailbox, a block for a while) suppresses nothing. Event `kit.address.suppressed` for each.
    `NotFound` for a provider that there is not, `BadRequest` for a body that is none of its own.
    """
    if provider not in PROVIDERS:
        raise errors.NotFound
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # See `delivery.backend`.
            reader = PROVIDERS[provider]()
        reader.run_validators(request)
        events = reader.parse_events(request)
        found = list(_reports(events))
    except (AnymailError, SuspiciousOperation, ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.BadRequest from error
    return sum(
        services.address_suppress(address=report.address, reason=report.reason, detail=report.detail)
        for report in found
    )


def _reports(events: Any) -> Iterator[Report]:
    for event in events:
        address = str(event.recipient or "").strip()
        if "@" not in address or len(address) > 254:
            continue
        detail = " ".join(filter(None, (event.description, event.mta_response)))
        if event.event_type == EventType.COMPLAINED:
            yield Report(address, Reason.COMPLAINED, detail)
        elif event.event_type in {EventType.BOUNCED, EventType.REJECTED} and _is_lasting(event):
            yield Report(address, Reason.BOUNCED, detail)


def _is_lasting(event: Any) -> bool:
    # Both tell a full mailbox as a bounce, too: SES by the word before the colon, SendGrid by its type "blocked".
    if str(event.description or "").startswith(("Transient", "Undetermined")):
        return False
    hard = event.reject_reason is None and event.esp_event.get("type") == "bounce"
    return hard or event.reject_reason in NO_SUCH_ADDRESS
