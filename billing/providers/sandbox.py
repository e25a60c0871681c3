"""A payment provider that runs inside Steward: its own checkout page, test cards, and webhooks signed like a real one's.

It keeps its own side in `SandboxCharge` and tells ours nothing but through calls of this interface and webhooks that
come in by the real door (`billing.services.sandbox`). No money moves anywhere.
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from billing.models import SandboxCharge
from billing.providers.base import (
    Checkout,
    DisputeFact,
    Fact,
    MethodFact,
    Order,
    PaymentFact,
    PaymentState,
    Provider,
    ProviderAway,
    ProviderRefused,
    RefundFact,
    RefundKeyReused,
    SavedMethod,
    Told,
    WebhookUnreadable,
    parsed_body,
    verify_timed,
)
from portal.kit import clock, crypto
from portal.kit.services import writing

SIGNATURE: Final = "Steward-Sandbox-Signature"
FEE_PERCENT: Final = 2  # What a sandbox payment costs, in percent of it, rounded down: so that fees are seen in books.
DISPUTE_FEE: Final = 1500  # Minor units.
# The last digits decide, as with other providers' test cards. Each: outcome now, outcome of later charges.
CARDS: Final[Mapping[str, tuple[str, str]]] = {
    "4242424242424242": ("succeeds", "succeeds"),
    "4000000000000002": ("declined", "declined"),
    "4000000000009995": ("no_funds", "no_funds"),
    "4000002500003155": ("confirm", "succeeds"),
    "4000000000000341": ("succeeds", "declined"),
    "4000000000000259": ("disputed", "succeeds"),
    "4000000000000119": ("away", "away"),
}
FAILURES: Final = {
    "declined": ("card_declined", _("The card was declined.")),
    "no_funds": ("insufficient_funds", _("There is not enough money on the card.")),
    "unconfirmed": ("authentication_failed", _("The payment was not confirmed.")),
    "expired": ("expired_card", _("The card has expired.")),
}
_STATES: Final[Mapping[str, PaymentState]] = {
    "open": "pending",
    "confirm": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "expired": "cancelled",
}


class SandboxProvider(Provider):
    """The sandbox as our side sees it."""

    code = "sandbox"
    off_session = True
    headers = (SIGNATURE,)

    def checkout_start(self, order: Order) -> Checkout:
        """Make a charge that waits for a card; its page is at /sandbox-checkout/<token>."""
        token = crypto.token()
        charge = self._made(order, key=f"checkout:{order.reference}", token=crypto.digest(token))
        return Checkout(ref=charge.ref, url=f"/sandbox-checkout/{token}")

    def setup_start(self, order: Order) -> Checkout:
        """A page that takes a card and charges nothing."""
        token = crypto.token()
        charge = self._made(replace(order, save_method=True), key=f"setup:{token[:20]}", token=crypto.digest(token))
        return Checkout(ref=charge.ref, url=f"/sandbox-checkout/{token}")

    def charge(self, order: Order) -> PaymentFact:
        """Charge a saved card: what becomes of it stands in the card's id. A gateway that is away has charged nothing."""
        outcome = order.method_ref.split("_")[1].replace("-", "_") if order.method_ref.count("_") == 3 else "declined"
        if outcome == "away":
            raise ProviderAway
        charge = self._made(order, key=f"charge:{order.reference}", token=None)
        if charge.state == SandboxCharge.State.OPEN:
            charge.last4, charge.outcome = order.method_ref.rpartition("_")[2], outcome
            decide(charge)
        return fact_of(charge)

    def payment_fetch(self, *, ref: str = "", checkout_ref: str = "") -> PaymentFact | None:
        """What the sandbox has under that id."""
        charge = SandboxCharge.objects.filter(account_id=self.keys.account_id, ref=ref or checkout_ref).first()
        return None if charge is None else fact_of(charge)

    def refund(self, *, payment_ref: str, amount: int, currency: str, key: str) -> RefundFact:
        """Pay back at once; more than is left is refused, and so is the key of another refund."""
        with writing():
            charge = (
                SandboxCharge.objects.select_for_update()
                .filter(account_id=self.keys.account_id, ref=payment_ref, currency=currency)
                .first()
            )
            if charge is None or charge.state != SandboxCharge.State.SUCCEEDED:
                raise ProviderRefused(_("The sandbox knows no such payment that was made."))
            ref = f"sbxr_{crypto.digest(f'{self.keys.account_id} {key}').hex()[:24]}"
            known = SandboxCharge.objects.filter(ref=ref).first()
            if known is not None:
                if known.reference != payment_ref or known.amount != amount:
                    raise RefundKeyReused
                return _refund_fact(known)
            if amount > charge.amount - charge.refunded:
                raise ProviderRefused(_("More than is left of the payment cannot be paid back."))
            charge.refunded += amount
            charge.save(update_fields=["refunded"])
            # A refund is kept beside the charges: the same kind of row, whose reference is the payment.
            made = SandboxCharge.objects.create(
                account_id=self.keys.account_id,
                ref=ref,
                reference=payment_ref,
                key=f"refund:{key}",
                amount=amount,
                currency=currency,
                state=SandboxCharge.State.SUCCEEDED,
            )
        return _refund_fact(made)

    def payments_since(self, moment: datetime) -> Iterable[PaymentFact]:
        """All charges that changed since."""
        rows = SandboxCharge.objects.filter(
            account_id=self.keys.account_id, changed_at__gte=moment, ref__startswith="sbxp_", amount__gt=0
        ).order_by("changed_at")
        return [fact_of(row) for row in rows]

    def refunds_since(self, moment: datetime) -> Iterable[RefundFact]:
        """All refunds made since."""
        rows = SandboxCharge.objects.filter(
            account_id=self.keys.account_id, changed_at__gte=moment, ref__startswith="sbxr_"
        ).order_by("changed_at")
        return [_refund_fact(row) for row in rows]

    def refund_fetch(self, *, ref: str) -> RefundFact | None:
        """What the sandbox has under that id."""
        row = SandboxCharge.objects.filter(account_id=self.keys.account_id, ref=ref, ref__startswith="sbxr_").first()
        return None if row is None else _refund_fact(row)

    def verify(self, body: bytes, headers: Mapping[str, str], now: datetime) -> None:
        """Hold time and signature."""
        verify_timed(self.keys.webhook, body, headers.get(SIGNATURE, ""), now)

    def read(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """An event of the sandbox; kinds that we do not know hold no facts."""
        found = parsed_body(body)
        try:
            facts = [fact for fact in (_fact(str(found["type"]), found["data"]),) if fact is not None]
            return Told(
                ref=str(found["id"])[:120],
                kind=str(found["type"])[:80],
                at=datetime.fromtimestamp(int(found["created"]), UTC),
                facts=facts,
            )
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            raise WebhookUnreadable from None

    def _made(self, order: Order, *, key: str, token: bytes | None) -> SandboxCharge:
        with writing():
            found = SandboxCharge.objects.filter(key=key, account_id=self.keys.account_id).first()
            if found is not None:
                return found
            charge = SandboxCharge(
                account_id=self.keys.account_id,
                ref=f"sbxp_{secrets.token_hex(12)}",
                token=token,
                reference=order.reference,
                key=key,
                amount=order.amount,
                currency=order.currency,
                description=order.description[:200],
                save_card=order.save_method,
                return_url=order.return_url,
            )
            try:
                with transaction.atomic():
                    charge.save(force_insert=True)
            except IntegrityError:  # The same call came twice at once.
                return SandboxCharge.objects.get(key=key, account_id=self.keys.account_id)
        return charge


def decide(charge: SandboxCharge, *, confirmed: bool = False) -> None:
    """Let the card's outcome happen to a charge that waits."""
    outcome = charge.outcome
    if outcome == "confirm" and not confirmed:
        charge.state = SandboxCharge.State.CONFIRM
    elif outcome in FAILURES:
        charge.state, charge.failure = SandboxCharge.State.FAILED, outcome
    else:
        charge.state = SandboxCharge.State.SUCCEEDED
    charge.changed_at = clock.now()
    with writing():
        charge.save()


def fact_of(charge: SandboxCharge) -> PaymentFact:
    """A charge in our words."""
    code, text = FAILURES.get(charge.failure, ("", ""))
    paid = charge.state == SandboxCharge.State.SUCCEEDED
    return PaymentFact(
        ref=charge.ref,
        checkout_ref=charge.ref,
        state=_STATES[charge.state],
        amount=charge.amount,
        currency=charge.currency,
        reference=charge.reference,
        fee=charge.amount * FEE_PERCENT // 100 if paid else 0,
        failure_code=code,
        failure_text=str(text),
        method=_method(charge) if paid and charge.save_card else None,
    )


def _method(charge: SandboxCharge) -> SavedMethod:
    later = next((after for card, (_now, after) in CARDS.items() if card.endswith(charge.last4)), "succeeds")
    ref = f"sbxm_{later.replace('_', '-')}_{crypto.digest(charge.ref).hex()[:16]}_{charge.last4}"
    return SavedMethod(
        ref=ref,
        label=str(_("Test card ending in %(last4)s") % {"last4": charge.last4}),
        provider_customer="",
        expires=date(clock.now().year + 3, 12, 31).isoformat(),
    )


def _refund_fact(row: SandboxCharge) -> RefundFact:
    return RefundFact(
        ref=row.ref,
        payment_ref=row.reference,
        state="succeeded",
        amount=row.amount,
        currency=row.currency,
        key=row.key.removeprefix("refund:"),
    )


def _fact(kind: str, data: Mapping[str, Any]) -> Fact | None:
    noun, _dot, verb = kind.partition(".")
    if noun == "payment" and verb in {"pending", "authorised", "succeeded", "failed", "cancelled"}:
        method = data.get("method")
        return PaymentFact(
            ref=str(data["id"]),
            checkout_ref=str(data["id"]),
            state=verb,  # type: ignore[arg-type]  # one of the five just named
            amount=_whole(data["amount"]),
            currency=str(data["currency"]),
            reference=str(data.get("reference", "")),
            fee=_whole(data.get("fee", 0)),
            failure_code=str(data.get("failure_code", "")),
            failure_text=str(data.get("failure_text", "")),
            method=SavedMethod(**method) if isinstance(method, dict) else None,
        )
    if kind == "method.saved":
        return MethodFact(reference=str(data["reference"]), method=SavedMethod(**data["method"]))
    if noun == "refund" and verb in {"pending", "succeeded", "failed"}:
        return RefundFact(
            ref=str(data["id"]),
            payment_ref=str(data["payment"]),
            state=verb,  # type: ignore[arg-type]
            amount=_whole(data["amount"]),
            currency=str(data["currency"]),
            key=str(data.get("key", "")),
        )
    if noun == "dispute" and verb in {"open", "won", "lost"}:
        return DisputeFact(
            ref=str(data["id"]),
            payment_ref=str(data["payment"]),
            state=verb,  # type: ignore[arg-type]
            amount=_whole(data["amount"]),
            currency=str(data["currency"]),
            fee=_whole(data.get("fee", 0)),
            reason=str(data.get("reason", "")),
        )
    return None


def _whole(value: Any) -> int:
    """An amount as providers send it; a fraction or a negative one is no amount."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise WebhookUnreadable(_("An amount in it is not a whole number of minor units."))
    return value


def event_body(*, ref: str, kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    """The bytes of an event as the sandbox sends it."""
    body = {"id": ref, "type": kind, "created": int(at.timestamp()), "data": data}
    return json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
