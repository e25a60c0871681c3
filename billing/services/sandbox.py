"""The sandbox provider's own side: what its checkout page does with a card, and the webhooks that it sends.

It reaches our books only as a real provider does: a signed webhook, delivered by a job to the real door.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import resolve, reverse

from billing import providers
from billing.errors.payments import CardNumberInvalid, CheckoutOver, NotTheSandbox
from billing.models import ProviderAccount, SandboxCharge
from billing.providers.base import signed
from billing.providers.sandbox import CARDS, DISPUTE_FEE, SIGNATURE, decide, event_body, fact_of
from portal.kit import clock, crypto, jobs
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing

DELIVER = "billing.deliver_sandbox_webhook"
WORKER = Actor("system", None, "sandbox provider")
State = SandboxCharge.State


def charge_of(*, token: str) -> SandboxCharge:
    """The charge of a checkout page. `CheckoutOver` for a token that is not ours; part of the page."""
    found = SandboxCharge.objects.select_related("account").filter(token=crypto.digest(token)).first()
    if found is None or not found.account.is_active:
        raise CheckoutOver
    return found


def sandbox_pay(*, token: str, number: str) -> SandboxCharge:
    """Pay with a test card on the sandbox's page; the token is the right to. What comes of it is told by webhooks.

    `CardNumberInvalid` for any other number, which is neither kept nor logged; `CheckoutOver` when it was used.
    """
    digits = "".join(one for one in number if one.isdigit())
    if digits not in CARDS:
        raise CardNumberInvalid
    with writing():
        charge = _held(token, State.OPEN)
        now, _later = CARDS[digits]
        charge.outcome, charge.last4 = now, digits[-4:]
        decide(charge)
        if charge.state != State.CONFIRM:
            _tell(charge)
    return charge


def sandbox_confirm(*, token: str, agreed: bool) -> SandboxCharge:
    """Confirm a payment as a bank would ask for, or refuse. `CheckoutOver` unless it waits for that."""
    with writing():
        charge = _held(token, State.CONFIRM)
        if not agreed:
            charge.outcome = "unconfirmed"
        decide(charge, confirmed=True)
        _tell(charge)
    return charge


def sandbox_leave(*, token: str) -> SandboxCharge:
    """Leave the page without paying. `CheckoutOver` when it was used."""
    with writing():
        charge = _held(token, State.OPEN, State.CONFIRM)
        charge.state, charge.changed_at = State.EXPIRED, clock.now()
        charge.save(update_fields=["state", "changed_at"])
        _tell(charge)
    return charge


def _held(token: str, *states: str) -> SandboxCharge:
    charge = charge_of(token=token)
    held = SandboxCharge.objects.select_for_update(of=("self",)).select_related("account").get(pk=charge.pk)
    if held.state not in states:
        raise CheckoutOver
    return held


def _tell(charge: SandboxCharge) -> None:
    fact = fact_of(charge)
    if charge.amount == 0:  # Nothing was to be paid: a card was to be saved.
        if fact.method is not None:
            saved = {"reference": charge.reference, "method": vars_of(method=fact.method)}
            webhook_send(account=charge.account, kind="method.saved", data=saved)
        return
    data: dict[str, Any] = {
        "id": charge.ref,
        "amount": charge.amount,
        "currency": charge.currency,
        "reference": charge.reference,
        "fee": fact.fee,
        "failure_code": fact.failure_code,
        "failure_text": fact.failure_text,
        "method": None if fact.method is None else vars_of(method=fact.method),
    }
    webhook_send(account=charge.account, kind=f"payment.{fact.state}", data=data)
    if charge.outcome == "disputed" and charge.state == State.SUCCEEDED:
        dispute = {
            "id": f"sbxd_{charge.ref.removeprefix('sbxp_')}",
            "payment": charge.ref,
            "amount": charge.amount,
            "currency": charge.currency,
            "fee": DISPUTE_FEE,
            "reason": "fraudulent",
        }
        webhook_send(account=charge.account, kind="dispute.open", data=dispute)


def vars_of(*, method: Any) -> dict[str, str]:
    """A saved method as it stands in an event."""
    return {name: getattr(method, name) for name in ("ref", "label", "kind", "provider_customer", "expires")}


def webhook_send(*, account: ProviderAccount, kind: str, data: Mapping[str, Any]) -> str:
    """Have a job deliver an event to the real door; its id. Part of other services."""
    ref = f"sbxe_{crypto.base62(22)}"
    with writing():
        jobs.enqueue(
            DELIVER,
            actor=WORKER,
            args={"account": str(account.pk), "event": ref, "kind": kind, "data": dict(data)},
            key=ref,
        )
    return ref


def webhook_test(*, actor: Actor, account: ProviderAccount) -> str:
    """Send a webhook of the sandbox that tells of nothing; its id. Staff (`payment:admin`). Event `billing.provider.tested`.

    `NotTheSandbox` for other providers: they send tests from their own consoles.
    """
    authorise(actor, "payment:admin")
    if account.provider != ProviderAccount.Provider.SANDBOX:
        raise NotTheSandbox
    with writing():
        ref = webhook_send(account=account, kind="test.sent", data={})
        record("billing.provider.tested", target=account, data={"event": ref})
    return ref


def webhook_deliver(*, account_id: UUID, event: str, kind: str, data: Mapping[str, Any]) -> int:
    """Sign an event as it is now and hand its bytes to the view behind the door's address; the status of its answer.

    Not over the network: a worker does not know at which address its own web server listens. All else is the real way:
    URL, view, raw bytes, header, verification.
    """
    account = ProviderAccount.objects.get(pk=account_id)
    now = clock.now()
    body = event_body(ref=event, kind=kind, at=now, data=data)
    seconds = str(int(now.timestamp()))
    secret = providers.of(account).keys.webhook[0]
    address = reverse("billing:provider_webhook", args=[account.provider, account.code])
    request = HttpRequest()
    request.method, request.path, request.path_info = "POST", address, address
    name = f"HTTP_{SIGNATURE.upper().replace('-', '_')}"
    request.META = {
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "REQUEST_METHOD": "POST",
        name: f"t={seconds},v1={signed(secret, seconds.encode() + b'.' + body)}",
    }
    request._body = body  # What reading the stream would give.
    found = resolve(address)
    return int(found.func(request, *found.args, **found.kwargs).status_code)
