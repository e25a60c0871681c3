"""Public links by which an invoice is seen and paid: made, revoked, followed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.urls import reverse

from billing.errors.invoices import InvoiceMove, LinkEnded
from billing.models import Invoice, PaymentLink
from portal.kit import clock, crypto, tenancy
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from rbac.standing import standing_on

LINK_FOR = timedelta(days=180)  # As long as somebody may look for an old invoice in the mail.


def payment_link_create(*, actor: Actor, invoice: Invoice) -> str:
    """Make a link to an invoice and return its address, the only time that it is known; older ones go on. Staff
    (`invoice:admin`). Event `billing.payment_link.created`; `InvoiceMove` for a draft."""
    authorise(actor, "invoice:admin")
    return link_put(invoice=invoice)


def link_put(*, invoice: Invoice) -> str:
    """`payment_link_create` as a part of other services, which have decided that it may be."""
    if invoice.state == Invoice.State.DRAFT:
        raise InvoiceMove
    token = crypto.token()
    with standing_on(invoice.organisation_id):
        link = PaymentLink(
            organisation_id=invoice.organisation_id,
            invoice=invoice,
            digest=crypto.digest(token),
            expires_at=clock.now() + LINK_FOR,
        )
        link.save(force_insert=True)
        record("billing.payment_link.created", target=link, data={"invoice": invoice.number})
    return f"{settings.STEWARD_PUBLIC_URL}{reverse('billing:pay', args=[token])}"


def payment_links_revoke(*, actor: Actor, invoice: Invoice) -> int:
    """End every link to an invoice; how many. Staff (`invoice:admin`). Event `billing.payment_link.revoked` of each."""
    authorise(actor, "invoice:admin")
    with standing_on(invoice.organisation_id):
        links = list(PaymentLink.objects.select_for_update().filter(invoice=invoice, revoked_at=None))
        for link in links:
            link.revoked_at = clock.now()
            link.save(update_fields=["revoked_at"])
            record("billing.payment_link.revoked", target=link, data={"invoice": invoice.number})
    return len(links)


@contextmanager
def linked(*, token: str) -> Iterator[Invoice]:
    """Stand in the organisation of a link for the block, with its invoice. `LinkEnded` for one that is not good, with
    no word about why: who guesses learns nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, organisation_id FROM billing_payment_link_by(%s)", [crypto.digest(token)])
        found = cursor.fetchone()
    if found is None:
        raise LinkEnded
    with tenancy.within(found[1]):
        link = PaymentLink.objects.select_related("invoice__customer__test_clock", "invoice__entity").get(pk=found[0])
        ended = link.revoked_at is not None or (link.expires_at is not None and link.expires_at <= clock.now())
        if ended or link.invoice.state in (Invoice.State.DRAFT, Invoice.State.VOID):
            raise LinkEnded
        yield link.invoice
