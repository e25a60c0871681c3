"""Money that comes without a provider's help: a bank transfer or a UPI payment that staff see on a statement."""

import base64
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import quote, urlencode

import segno
from django.utils.translation import gettext_lazy as _

from billing.providers.base import (
    Checkout,
    Order,
    PaymentFact,
    Provider,
    ProviderRefused,
    RefundFact,
    Told,
    WebhookRefused,
    WebhookUnreadable,
)
from portal.kit.money import Money


class ManualProvider(Provider):
    """Shows where to pay; the payment waits until somebody records what came in. Nobody sends webhooks here."""

    code = "manual"

    def checkout_start(self, order: Order) -> Checkout:
        """A page with bank account, reference and, where the seller has one, a UPI code; nothing is called."""
        return Checkout(ref=f"manual_{order.reference}", page={"road": "manual"})

    def charge(self, order: Order) -> PaymentFact:
        """Nobody can draw money from a bank transfer."""
        raise ProviderRefused(_("A bank transfer cannot be charged. Wait for it, or ask for another way to pay."))

    def payment_fetch(self, *, ref: str = "", checkout_ref: str = "") -> PaymentFact | None:
        """Nobody knows but the statement."""
        return None

    def refund(self, *, payment_ref: str, amount: int, currency: str, key: str) -> RefundFact:
        """Staff transfer it themselves; it counts as paid back when they say so here."""
        return RefundFact(
            ref=f"manual_{key}", payment_ref=payment_ref, state="succeeded", amount=amount, currency=currency, key=key
        )

    def payments_since(self, moment: datetime) -> Iterable[PaymentFact]:
        """None: statements are matched in the ledger."""
        return ()

    def refunds_since(self, moment: datetime) -> Iterable[RefundFact]:
        """None: they are done when staff say so."""
        return ()

    def refund_fetch(self, *, ref: str) -> RefundFact | None:
        """Nobody knows but staff."""
        return None

    def verify(self, body: bytes, headers: Mapping[str, str], now: datetime) -> None:
        """Always refused."""
        raise WebhookRefused

    def read(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """Always refused."""
        raise WebhookUnreadable


def upi_address(*, upi_id: str, name: str, amount: Money, note: str) -> str:
    """The address of UPI's specification that payment apps open: payee, name, amount in rupees, note.

    UPI takes rupees only; `ValueError` for another currency.
    """
    if amount.currency != "INR":
        raise ValueError("UPI pays rupees only.")
    asked = {"pa": upi_id, "pn": name, "am": f"{amount.major:.2f}", "cu": "INR", "tn": note}
    return f"upi://pay?{urlencode(asked, quote_via=quote, safe='@')}"


def qr_image(text: str) -> str:
    """A QR code as a data address of a PNG, large enough to be read from a screen."""
    kept = io.BytesIO()
    segno.make(text, error="m").save(kept, kind="png", scale=6, border=2)
    return "data:image/png;base64," + base64.b64encode(kept.getvalue()).decode()
