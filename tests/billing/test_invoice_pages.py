"""Pages of invoices: staff's, the organisation's own, and the public one of a payment link."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from billing.models import CreditNote, Invoice, PaymentLink
from billing.services.payment_links import payment_link_create, payment_links_revoke
from portal.kit import clock, context
from tests.accounts.organisation_world import make_house
from tests.billing.document_world import buyer, draft, final, fresh, paid
from tests.factories import make_world, signed_in

pytestmark = pytest.mark.django_db


def test_staff_finds_reads_and_moves_invoices() -> None:
    world = make_world()
    admin, manager = signed_in(world.admin), signed_in(world.manager)
    customer = buyer("19", name="Pier Ltd")
    made, waiting = final(customer, 100_00), draft(customer, 50_00)
    listed = manager.get("/platform/invoices").content.decode()
    assert str(made.number) in listed
    assert "€119.00" in listed
    page = f"/platform/invoices/{made.pk}"
    shown = manager.get(page).content.decode()
    assert "Pier Ltd" in shown
    assert "Void" not in re.sub(r"<[^>]*>", "", shown.split("<main", 1)[1])
    assert manager.post(f"{page}/void").status_code == 403
    assert admin.post(f"{page}/note", {"amount": "1.005", "to": "open", "reason": "x"}).status_code == 422
    assert not CreditNote.objects.exists()
    assert admin.post(f"{page}/note", {"amount": "19.00", "to": "open", "reason": "Late"}).status_code == 302
    assert (fresh(made).due, CreditNote.objects.get().total) == (100_00, 19_00)
    assert admin.post(f"{page}/void").status_code == 409
    assert admin.post(f"{page}/uncollectible").status_code == 302
    assert fresh(made).state == "uncollectible"
    other = f"/platform/invoices/{waiting.pk}"
    assert admin.post(f"{other}/finalise").status_code == 302
    assert admin.post(f"{other}/finalise").status_code == 409
    assert admin.post(f"{other}/void").status_code == 302
    assert fresh(waiting).state == "void"
    gone = draft(customer, 1)
    assert admin.post(f"/platform/invoices/{gone.pk}/discard").status_code == 302
    assert not Invoice.objects.filter(pk=gone.pk).exists()
    assert manager.get(f"{page}/pdf").content.startswith(b"%PDF")
    note = CreditNote.objects.get()
    assert manager.get(f"/platform/credit-notes/{note.pk}/pdf").content.startswith(b"%PDF")
    assert note.number in manager.get("/platform/credit-notes").content.decode()


def test_an_organisation_sees_its_own_final_invoices_and_nobody_elses() -> None:
    house, other = make_house(), make_house("Other")
    mine = final(buyer("19", where=house.organisation), 100)
    waiting, foreign = draft(mine.customer, 100), final(buyer(where=other.organisation, entity=mine.entity), 77)
    admin = signed_in(house.admin)
    listed = admin.get(house.url("billing/invoices")).content.decode()
    assert str(mine.number) in listed
    assert str(foreign.number) not in listed
    assert admin.get(house.url(f"billing/invoices/{mine.pk}")).status_code == 200
    assert admin.get(house.url(f"billing/invoices/{mine.pk}/pdf")).content.startswith(b"%PDF")
    for hidden in (waiting, foreign):
        for rest in ("", "/pdf"):
            assert admin.get(house.url(f"billing/invoices/{hidden.pk}{rest}")).status_code == 404
    assert signed_in(house.editor).get(house.url("billing/invoices")).status_code == 403


def _follow(address: str) -> tuple[Client, int]:
    """A browser of nobody that follows a link."""
    browser = Client()
    reply = browser.get("/" + address.split("/", 3)[3])
    return browser, reply.status_code


def test_a_payment_link_shows_its_document_to_whoever_has_it_until_it_is_revoked() -> None:
    made = final(buyer("19", name="Pier Ltd"), 100_00)
    with context.system("a test") as current:
        address = payment_link_create(actor=current.actor, invoice=made)
    token = address.rsplit("/", 1)[1]
    assert token.encode() not in bytes(PaymentLink.objects.get().digest)
    browser, status = _follow(address)
    assert status == 302
    page = browser.get("/pay")
    assert page["Cache-Control"] == "no-store"
    assert "€119.00" in page.content.decode()
    assert token not in page.content.decode()
    assert browser.get("/pay/pdf").content.startswith(b"%PDF")
    paid(made)
    assert "Nothing is left to pay" in browser.get("/pay").content.decode()
    with context.system("a test") as current:
        assert payment_links_revoke(actor=current.actor, invoice=made) == 1
    assert (browser.get("/pay").status_code, browser.get("/pay/pdf").status_code) == (404, 404)
    assert _follow(address)[1] == 404


def test_a_link_that_is_over_guessed_or_of_a_void_invoice_tells_nothing() -> None:
    made = final(buyer(), 100)
    with context.system("a test") as current:
        address = payment_link_create(actor=current.actor, invoice=made)
        with clock.at(clock.now() + timedelta(days=181)):
            assert _follow(address)[1] == 404
        assert _follow("https://x/pay/guessed")[1] == 404
        assert Client().get("/pay").status_code == 404
        from billing.services.invoice_states import invoice_void

        invoice_void(actor=current.actor, invoice=made)
    assert _follow(address)[1] == 404
