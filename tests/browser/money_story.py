"""What customers owe and pay, for the gallery: subscriptions, invoices in each state, payments, reminders, links."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from accounts.models import User
from billing.customer_csv import SAMPLE
from billing.models import Customer, CustomerImport, Invoice, Payment, PlanVersion, Subscription
from billing.providers.base import Checkout
from billing.services.checkouts import checkout_start
from billing.services.customer_imports import import_upload
from billing.services.dunning import dunning_start
from billing.services.invoice_states import invoice_mark_uncollectible
from billing.services.payment_links import payment_link_create
from billing.services.proofs import proof_run
from billing.services.refunds import refund_create
from billing.services.revenue import day_earn, first_day_due
from billing.services.subscriptions import Terms, subscription_create
from portal.kit import clock, context
from tests.billing.document_world import draft, final, line
from tests.billing.money_world import customer_of, seller
from tests.billing.payment_world import card, collected, payment_data, provider, told
from tests.billing.test_credit_notes import note
from tests.factories import actor_of

if TYPE_CHECKING:
    from tests.browser.rooms import Rooms

BANK = {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "line1": "Hafenstr. 7", "city": "Hamburg"}


def money(found: "Rooms", staff: User) -> dict[str, Any]:
    """Ids, and tokens of public pages, by what they are about."""
    now = clock.now()
    entity = seller(regime="none", code="gallery", **BANK)
    with clock.at(now - timedelta(days=70)):
        customer = customer_of(found.large, entity=entity, email="billing@example.com", line1="Quay 1", city="Dublin")
        other = customer_of(found.small, entity=entity)
    account, manual = provider(), provider("manual")
    with clock.at(now - timedelta(days=40)):
        card(customer)
        taken, trial = _subscribed(customer, "enterprise"), _subscribed(other, "pro-monthly", trial_days=60)
        paid = final(customer, 249_95, line(80_00, description="Workshop on site, two hours"))
        payment = _paid(paid)
        late = final(other, 1_234_56, line(99_00, description="Support by telephone outside of office hours, per case"))
        given_up = final(other, 77_00)
    with clock.at(now - timedelta(days=2)):
        open_, waiting = final(customer, 512_00), draft(customer, 300_00)
        note(paid, amount=10_00)
        begun, checkout = _begun(open_)
        with context.system("a test") as current:
            invoice_mark_uncollectible(actor=current.actor, invoice=given_up)
            run = dunning_start(actor=current.actor, invoice=late, at=now - timedelta(days=20))
            refund_create(
                actor=current.actor, payment=payment, amount=20_00, key="gallery-refund", reason="One hour less"
            )
            link = payment_link_create(actor=current.actor, invoice=open_)
            nothing_left = payment_link_create(actor=current.actor, invoice=paid)
    with context.system("a test") as current:
        while (day := first_day_due()) is not None:
            day_earn(day=day)
        proof_run(actor=current.actor)
    told("payment.authorised", payment_data(begun), ref="sbxe_gallery")
    return {
        "subscription": taken.pk,
        "trial": trial.pk,
        "open": open_.pk,
        "draft": waiting.pk,
        "paid": paid.pk,
        "late": late.pk,
        "uncollectible": given_up.pk,
        "payment": payment.pk,
        "begun": begun.pk,
        "provider": account.pk,
        "manual": manual.pk,
        "event": account.events.get().pk,
        "dunning": run.pk,
        "customer": customer.pk,
        "link": link.rsplit("/", 1)[1],
        "link_paid": nothing_left.rsplit("/", 1)[1],
        "import": _checked(staff).pk,
        "checkout": checkout.url.rsplit("/", 1)[1],
    }


def _subscribed(customer: Customer, plan: str, **terms: Any) -> Subscription:
    version = PlanVersion.objects.filter(plan__code=plan, published_at__isnull=False).latest("number")
    with context.system("a test") as current:
        done = subscription_create(
            actor=current.actor, customer=customer, version=version, quantity=3, terms=Terms(**terms)
        )
    return done.subscription


def _checked(staff: User) -> CustomerImport:
    rows = f"{SAMPLE}old-1003,quay,Quay Works,,DE,EUR,Europe/Berlin,gold,3,2025-01-31,2026-10-31\r\n"
    with context.acting(actor_of(staff)) as current:
        return import_upload(actor=current.actor, filename="customers-2026.csv", content=rows.encode())


def _paid(invoice: Invoice) -> Payment:
    found = collected(invoice)
    assert found is not None
    return found


def _begun(invoice: Invoice) -> tuple[Payment, Checkout]:
    with context.system("a test") as current:
        return checkout_start(actor=current.actor, invoice=invoice)
