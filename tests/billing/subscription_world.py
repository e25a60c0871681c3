"""Plans and subscriptions for tests: a plan in a line, a moment in another."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from billing.ledger import chart
from billing.models import (
    BilledLine,
    CreditNote,
    Customer,
    Invoice,
    Plan,
    PlanVersion,
    Price,
    Product,
    Subscription,
)
from billing.services.settlements import invoice_settle, standing_of
from billing.services.subscription_steps import subscription_step
from billing.services.subscriptions import Terms, subscription_create
from billing.subscription_changing import Changed
from portal.kit import clock, context
from portal.kit.services import writing
from tests.accounts.organisation_world import organisation
from tests.billing.money_world import customer_of, seller

_numbers = count(1)


def on(text: str) -> datetime:
    """A moment in UTC: "2024-03-05" or "2024-03-05T12:12"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def product() -> Product:
    """A product of its own."""
    with context.system("a test"), writing():
        number = next(_numbers)
        return Product.objects.create(code=f"product{number}", name=f"Product {number}")


def plan(amount: int = 1000, *, of: Product | None = None, currency: str = "EUR", **values: Any) -> PlanVersion:
    """A published version of a new plan with one fixed price. `model`, `addon`, `name` and fields of the version."""
    number = next(_numbers)
    kind = Plan.Kind.ADDON if values.pop("addon", False) else Plan.Kind.BASE
    name, model = values.pop("name", f"Plan {number}"), values.pop("model", "flat")
    visibility = values.pop("visibility", "public")
    with context.system("a test"), writing():
        of = of or Product.objects.create(code=f"product{number}", name=f"Product {number}")
        made = Plan.objects.create(
            product=of,
            code=f"plan{number}",
            family=f"plan{number}",
            name=name,
            kind=kind,
            state="active",
            visibility=visibility,
        )
        version = PlanVersion.objects.create(plan=made, number=1, **values)
        Price.objects.create(
            plan_version=version, code="fee", name=name, currency=currency, model=model, unit_amount=amount
        )
        version.published_at = clock.now()
        version.save(update_fields=["published_at"])
    return version


def buyer(**values: Any) -> Customer:
    """A customer of an organisation of its own; a seller of a country without taxes."""
    entity = values.pop("entity", None) or seller(regime="none")
    return customer_of(organisation(f"Org{next(_numbers)}"), entity=entity, **values)


def subscribed(
    customer: Customer, version: PlanVersion, at: str, quantity: int = 1, **terms: Any
) -> tuple[Subscription, Changed]:
    """The customer subscribed to the plan at a moment."""
    with clock.at(on(at)), context.system("a test") as current:
        done = subscription_create(
            actor=current.actor, customer=customer, version=version, quantity=quantity, terms=Terms(**terms)
        )
    return done.subscription, done


def change(service: Any, subscription: Subscription, moment: str, /, **values: Any) -> Changed:
    """Call a service on a subscription at a moment, as the system."""
    with clock.at(on(moment)), context.system("a test") as current:
        done: Changed = service(actor=current.actor, subscription=subscription, **values)
        return done


def step(subscription: Subscription, at: str) -> int:
    """Let happen what falls due up to a moment."""
    with clock.at(on(at)), context.system("a test") as current:
        return subscription_step(actor=current.actor, subscription=subscription, until=on(at))


def amounts(subscription: Subscription) -> list[int]:
    """Every billed line, charged or given back (what really was), in order."""
    rows = BilledLine.objects.filter(subscription=subscription).order_by("bill", "id")
    return [row.amount if row.against_id is None else -row.taken for row in rows]


def totals(subscription: Subscription) -> list[int]:
    """The totals of its invoices, in order."""
    rows = Invoice.objects.filter(subscription_id=subscription.pk).order_by("id")
    return list(rows.values_list("total", flat=True))


def notes(subscription: Subscription) -> list[int]:
    """The totals of its customer's credit notes, in order."""
    rows = CreditNote.objects.filter(customer_id=subscription.customer_id).order_by("id")
    return list(rows.values_list("total", flat=True))


def fresh(subscription: Subscription) -> Subscription:
    """The row as it is now."""
    return Subscription.objects.select_related("customer__test_clock", "plan_version__plan").get(pk=subscription.pk)


def pay(invoice: Invoice | None, *, at: datetime | None = None) -> None:
    """Pay what is due on an invoice, by bank."""
    assert invoice is not None
    with context.system("a test") as current:
        invoice = Invoice.objects.get(pk=invoice.pk)
        if invoice.due <= 0:
            return
        moment = at or invoice.issued_at or clock.now()
        with clock.at(moment):
            invoice_settle(
                actor=current.actor,
                invoice=invoice,
                amount=invoice.due,
                key=f"test:{invoice.pk}",
                source="payment",
                event_at=moment,
                lines_from=chart.bank("test", invoice.currency),
            )


def pay_all(subscription: Subscription) -> None:
    """Pay every open invoice of a subscription."""
    for invoice in Invoice.objects.filter(subscription_id=subscription.pk, state="open"):
        pay(invoice)


def credit(customer: Customer) -> int:
    """What the customer has to its credit."""
    with context.system("a test"):
        return standing_of(customer).credit


def last_due(subscription: Subscription) -> int:
    """What is due on its latest invoice."""
    row = Invoice.objects.filter(subscription_id=subscription.pk).order_by("-id").first()
    assert row is not None
    return int(row.due)
