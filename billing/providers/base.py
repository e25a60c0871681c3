"""What every payment provider can do for us, and the words that all of them are translated into.

Nothing here writes to our tables, asks for rights or knows documents: a provider is called outside of any transaction
that holds locks, and what it answers is handed to `billing.services.payment_states`.
"""

import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar, Literal

from django.utils.translation import gettext_lazy as _

from portal.kit import errors

TOLERANCE = timedelta(seconds=300)  # How old a signed time may be.
TIMEOUT_SECONDS = 8  # A provider that does not answer by then is away.
PaymentState = Literal["pending", "authorised", "succeeded", "failed", "cancelled"]
RefundState = Literal["pending", "succeeded", "failed"]
DisputeState = Literal["open", "won", "lost"]


class WebhookRefused(errors.BadRequest):
    """The signature of a webhook is not right, or its time is too old."""

    code = "billing.webhook_refused"
    title = _("This webhook is not signed as it should be")
    default_detail = _("Check the secret of webhooks on both sides. Nothing was taken in.")


class WebhookUnreadable(errors.BadRequest):
    """A signed body that is no event of this provider."""

    code = "billing.webhook_unreadable"
    title = _("This webhook cannot be read")
    default_detail = _("Send the events of the provider as they are, in JSON.")


class ProviderAway(errors.Unavailable):
    """The provider cannot be reached, or is in trouble itself: nothing is known, so try again soon."""

    code = "billing.provider_away"
    title = _("The payment provider does not answer")
    default_detail = _("Nothing was charged as far as we know. Try again in a few minutes.")


class ProviderRefused(errors.Invalid):
    """The provider understood and said no."""

    code = "billing.provider_refused"
    title = _("The payment provider refused this")
    default_detail = _("Look at the reason that the provider gives, then try again.")


class RefundKeyReused(errors.BadRequest):
    """The key of a refund with another amount or payment (H11)."""

    code = "billing.refund_key_reused"
    title = _("This key belongs to another refund")
    default_detail = _("Send a new key with each new refund. Nothing was paid back.")


class RefundRunning(errors.Conflict):
    """The same refund is under way at this moment (H11)."""

    code = "billing.refund_running"
    title = _("This refund is under way")
    default_detail = _("Wait a moment and send it again with the same key; you will get its result.")


@dataclass(frozen=True)
class Keys:
    """What opens an account: its public key, its secret key, and the secrets that webhooks are signed with now."""

    account_id: Any
    code: str
    public: str = ""
    api: str = ""
    webhook: tuple[str, ...] = ()
    api_base: str = ""
    live: bool = False


@dataclass(frozen=True)
class Order:
    """A payment that we ask for. `reference` is the id of our payment and makes the call idempotent."""

    reference: str
    amount: int
    currency: str
    description: str
    return_url: str = ""
    cancel_url: str = ""
    customer_name: str = ""
    customer_email: str = ""
    save_method: bool = False
    method_ref: str = ""
    provider_customer: str = ""


@dataclass(frozen=True)
class Checkout:
    """Where a payer is sent, or what the page on our side is made from (`page`: name of its template's facts)."""

    ref: str
    url: str = ""
    page: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class SavedMethod:
    """A means of payment that may be charged again."""

    ref: str
    label: str
    kind: str = "card"
    provider_customer: str = ""
    expires: str = ""  # ISO day; empty: it does not.


@dataclass(frozen=True)
class PaymentFact:
    """What a provider says of one payment. `reference` is our payment where it knows it."""

    ref: str
    state: PaymentState
    amount: int
    currency: str
    checkout_ref: str = ""
    reference: str = ""
    fee: int = 0
    failure_code: str = ""
    failure_text: str = ""
    method: SavedMethod | None = None


@dataclass(frozen=True)
class RefundFact:
    """What a provider says of one refund. `key` is ours where it knows it."""

    ref: str
    payment_ref: str
    state: RefundState
    amount: int
    currency: str
    key: str = ""
    failure_text: str = ""


@dataclass(frozen=True)
class DisputeFact:
    """What a provider says of one chargeback."""

    ref: str
    payment_ref: str
    state: DisputeState
    amount: int
    currency: str
    fee: int = 0
    reason: str = ""


@dataclass(frozen=True)
class MethodFact:
    """A means of payment that was saved without a payment. `reference`: the customer that we named."""

    reference: str
    method: SavedMethod


Fact = PaymentFact | RefundFact | DisputeFact | MethodFact


@dataclass(frozen=True)
class Told:
    """A webhook in our words: its id, kind and time at the provider, and the facts in it (none: nothing for us)."""

    ref: str
    kind: str
    at: datetime
    facts: Sequence[Fact] = ()


class Provider(ABC):
    """One account at one provider. Amounts are minor units."""

    code: ClassVar[str]
    # Whether a payer pays on a page (hosted or ours), and whether a saved method can be charged without the payer.
    checkout: ClassVar[bool] = True
    off_session: ClassVar[bool] = False
    # The headers of a webhook that are kept; what holds a signature is kept masked.
    headers: ClassVar[tuple[str, ...]] = ()

    def __init__(self, keys: Keys) -> None:
        self.keys = keys

    @abstractmethod
    def checkout_start(self, order: Order) -> Checkout:
        """Begin a payment that the payer makes on a page. `ProviderAway`, `ProviderRefused`."""

    def setup_start(self, order: Order) -> Checkout:
        """Begin to save a means of payment without a payment; its `reference` is the customer. `ProviderRefused`."""
        raise ProviderRefused(_("Here a card is saved with a payment only. Choose so when you pay an invoice."))

    @abstractmethod
    def charge(self, order: Order) -> PaymentFact:
        """Charge a saved method while its owner is away. Sent again with the same reference: the same charge."""

    @abstractmethod
    def payment_fetch(self, *, ref: str = "", checkout_ref: str = "") -> PaymentFact | None:
        """What the provider knows of a payment; None: nothing."""

    @abstractmethod
    def refund(self, *, payment_ref: str, amount: int, currency: str, key: str) -> RefundFact:
        """Pay back. `RefundKeyReused`, `RefundRunning`, `ProviderAway`, `ProviderRefused`."""

    @abstractmethod
    def payments_since(self, moment: datetime) -> Iterable[PaymentFact]:
        """All payments that changed since `moment`, for the comparison of every day."""

    @abstractmethod
    def refunds_since(self, moment: datetime) -> Iterable[RefundFact]:
        """All refunds made since `moment`, by whomever, for the same comparison."""

    @abstractmethod
    def refund_fetch(self, *, ref: str) -> RefundFact | None:
        """What the provider knows of a refund now; None: nothing."""

    @abstractmethod
    def verify(self, body: bytes, headers: Mapping[str, str], now: datetime) -> None:
        """`WebhookRefused` unless one of the present secrets signed exactly these bytes, not too long ago."""

    @abstractmethod
    def read(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """The webhook in our words; `WebhookUnreadable` when it is none."""

    def callback(self, sent: Mapping[str, str]) -> str:
        """The payment's id at the provider, from what the payer's browser brings back; `WebhookRefused` when it is
        not signed by the provider. Empty: the browser brings nothing that counts, the provider is asked."""
        return ""


def signed(secret: str, message: bytes) -> str:
    """HMAC-SHA-256 in hex, as providers sign."""
    return hmac.new(secret.encode(), message, sha256).hexdigest()


def is_signed(secrets: Iterable[str], message: bytes, given: str) -> bool:
    """Whether one of `secrets` signed the message; every one is compared, in constant time."""
    found = False
    for secret in secrets:
        found |= hmac.compare_digest(signed(secret, message).encode(), given.encode())
    return found


def verify_timed(secrets: Sequence[str], body: bytes, header: str, now: datetime) -> None:
    """Hold a header `t=<seconds>,v1=<hex>` against the body, as Stripe signs and the sandbox after it.

    `WebhookRefused` for a wrong signature, and for a time more than `TOLERANCE` away in either direction.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _sign, value in parts if name == "t"]
    given = [value for name, _sign, value in parts if name == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 12):
        raise WebhookRefused
    message = times[0].encode() + b"." + body
    if sum(is_signed(secrets, message, one) for one in given) == 0:  # A sum, not any(): all are compared.
        raise WebhookRefused
    if abs(now - datetime.fromtimestamp(int(times[0]), UTC)) > TOLERANCE:
        raise WebhookRefused(_("The signed time of this webhook is too far from ours. Nothing was taken in."))


def parsed_body(body: bytes) -> dict[str, Any]:
    """The JSON object of a webhook; `WebhookUnreadable` for anything else."""
    try:
        found = json.loads(body)
    except ValueError:
        raise WebhookUnreadable from None
    if not isinstance(found, dict):
        raise WebhookUnreadable
    return found


def body_ref(body: bytes) -> str:
    """What stands for the id of a webhook that has none: the hash of its bytes."""
    return f"sha256:{sha256(body).hexdigest()}"
