"""The end of the demonstration's money. A ledger forgets nothing, so nothing is deleted: what runs is ended, what is owed
is given up, and what was sold is sold no longer."""

from accounts.models import Membership, Organisation
from accounts.services.organisations import organisation_close
from billing import demo_catalogue as catalogue
from billing import demo_story as story
from billing.models import Coupon, Customer, Invoice, Plan, ProviderAccount, Subscription
from billing.services.coupons import coupon_archive
from billing.services.demo_hooks import hooks_remove
from billing.services.demo_world import BANK, CARDS
from billing.services.invoice_states import invoice_mark_uncollectible
from billing.services.plans import plan_archive
from billing.services.provider_accounts import provider_account_update
from billing.services.subscription_life import subscription_cancel
from billing.subscription_states import OPEN
from portal.kit.context import Actor
from portal.kit.errors import Forbidden
from portal.kit.record import record
from portal.kit.services import writing

REASON = "The demonstration was removed"


def demo_money_remove(*, actor: Actor) -> str:
    """Bring the money of the demonstration to an end: subscriptions are cancelled without a credit, open documents are
    bad debts, webhooks go, plans and coupons are archived, its accounts at providers shut, and the organisations that hold documents
    closed. One that somebody else belongs to by now is left as it is.

    Event `billing.demo.removed` and those of the services. What stays, in a sentence; nothing where there was no money.
    """
    if actor.kind != "system":
        raise Forbidden
    with writing():
        slugs = [buyer.slug for buyer in (*story.BUYERS, story.SANDBOX)]
        customers = Customer.objects.filter(organisation__slug__in=slugs).select_related("test_clock", "organisation")
        ours = [customer for customer in customers.order_by("id") if not _shared(customer)]
        if not ours:
            return ""
        for customer in ours:
            _end(actor, customer)
        _shut(actor)
        documents = Invoice.objects.filter(customer__in=ours).exclude(state=Invoice.State.DRAFT).count()
        record("billing.demo.removed", data={"customers": len(ours), "documents": documents})
    return (
        f"Money: {len(ours)} customers with {documents} invoices stay, since a ledger forgets nothing. Their subscriptions "
        "are cancelled and what was open is given up. An empty database is the only way to be rid of them."
    )


def _shared(customer: Customer) -> bool:
    # Accounts of machines belong to who made them.
    members = Membership.objects.filter(organisation_id=customer.organisation_id, user__kind="person")
    return members.exclude(user__email__endswith=f"@{story.DOMAIN}").exists()


def _end(actor: Actor, customer: Customer) -> None:
    hooks_remove(actor=actor, organisation_id=customer.organisation_id)
    for subscription in Subscription.objects.filter(customer=customer, state__in=OPEN).order_by("id"):
        subscription_cancel(actor=actor, subscription=subscription, when="now", note=REASON, credit=False)
    owed = Invoice.objects.filter(customer=customer, state=Invoice.State.OPEN, due__gt=0)
    for invoice in owed.select_related("customer__test_clock", "entity").order_by("id"):
        invoice_mark_uncollectible(actor=actor, invoice=invoice, reason=REASON)
    if customer.organisation.state != Organisation.State.CLOSED:
        organisation_close(actor=actor, organisation=customer.organisation, reason=REASON)


def _shut(actor: Actor) -> None:
    product, *_said = catalogue.PRODUCT
    for plan in Plan.objects.filter(product__code=product, state=Plan.State.ACTIVE).order_by("id"):
        plan_archive(actor=actor, plan=plan)
    codes = [code for code, *_rest in catalogue.COUPONS]
    for coupon in Coupon.objects.filter(code__in=codes, archived_at=None).order_by("id"):
        coupon_archive(actor=actor, coupon=coupon)
    for account in ProviderAccount.objects.filter(code__in=(CARDS, BANK), is_active=True).order_by("id"):
        values = {"is_default": False, "is_active": False}
        provider_account_update(actor=actor, account=account, values=values)
