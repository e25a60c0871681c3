"""Documents as PDF and as electronic invoices."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from facturx import get_xml_from_pdf, xml_check_xsd
from lxml import etree  # type: ignore[import-untyped]
from pypdf import PdfReader

from billing.documents import DraftCoupon
from billing.models import Invoice
from billing.papers.files import invoice_pdf, note_pdf
from portal.kit import context
from portal.kit.services import writing
from tests.billing.document_world import buyer, draft, final, line, rate
from tests.billing.test_credit_notes import note

pytestmark = pytest.mark.django_db
BANK = {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "tax_id": "DE136695976", "registration": "HRB 12345"}
NS = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}


def text_of(pdf: bytes) -> str:
    """Every word of the file."""
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def rich(**values: Any) -> Invoice:
    """An invoice with everything on it: periods, a discount, two rates, a bank account."""
    customer = buyer(
        "19",
        name="Pier & <Sons> Ltd",
        line1="Quay 1",
        city="Dublin",
        country="IE",
        seller_values=BANK | {"line1": "Hafenstr. 7", "postal_code": "20457", "city": "Hamburg", "footer": "We ship."},
        **values,
    )
    rate(customer.entity, "7", code="reduced", name="VAT reduced", category="reduced")
    period = SimpleNamespace(start=datetime(2026, 11, 1, tzinfo=UTC), end=datetime(2026, 12, 1, tzinfo=UTC))
    return final(
        customer,
        line(249_95, "subscription", description="Pro, 5 seats", period=period),
        line(-40_00, "proration", description="Unused time of Start"),
        line(12_34, description="Handbook", tax_category="reduced", quantity=Decimal(2)),
        coupons=[DraftCoupon("TEN", "Ten off", percent=Decimal(10))],
    )


def test_the_pdf_shows_what_was_frozen_and_nothing_that_came_later() -> None:
    made = rich()
    with context.system("a test"), writing():
        type(made.customer).objects.filter(pk=made.customer_id).update(name="Renamed")
    text = text_of(invoice_pdf(Invoice.objects.get(pk=made.pk)))
    for wanted in (
        str(made.number),
        "Pier & <Sons> Ltd",
        "Ireland",
        "1 Nov 2026",
        "30 Nov 2026",
        "€249.95",
        "Ten off",
        "19 %",
        "7 %",
        "DE89 3704 0044 0532 0130 00",
        "Page 1 of 1",
        "We ship.",
    ):
        assert wanted in text
    assert "Renamed" not in text


def test_the_electronic_invoice_is_inside_valid_and_sums_to_the_same() -> None:
    made = rich()
    name, xml = get_xml_from_pdf(BytesIO(invoice_pdf(made)), check_xsd=True)
    assert name == "factur-x.xml"
    assert xml_check_xsd(xml, flavor="factur-x", level="en16931")
    tree = etree.fromstring(xml)
    said = {key: tree.findtext(f".//ram:{key}", namespaces=NS) for key in ("GrandTotalAmount", "TaxBasisTotalAmount")}
    assert Decimal(said["GrandTotalAmount"]) * 100 == made.total
    assert Decimal(said["TaxBasisTotalAmount"]) * 100 == made.subtotal - made.discount
    assert (
        len(
            tree.findall(".//ram:IncludedSupplyChainTradeLineItem", NS)
            or tree.xpath("//*[local-name()='IncludedSupplyChainTradeLineItem']")
        )
        == 3
    )


def test_a_credit_notes_file_names_the_invoice_it_corrects() -> None:
    made = rich()
    back = note(made, Decimal("100.5"), reason="Late by <a week>")
    pdf = note_pdf(back)
    text = text_of(pdf)
    assert back.number in text
    assert str(made.number) in text
    assert "Late by <a week>" in text
    _name, xml = get_xml_from_pdf(BytesIO(pdf), check_xsd=True)
    assert str(made.number).encode() in xml
    assert b">381<" in xml


def test_a_document_of_many_lines_goes_on_over_numbered_pages() -> None:
    made = final(buyer("10"), *[line(100 + place) for place in range(60)])
    pages = PdfReader(BytesIO(invoice_pdf(made))).pages
    assert len(pages) > 1
    assert f"Page {len(pages)} of {len(pages)}" in pages[-1].extract_text()


def test_a_draft_says_so_and_carries_no_electronic_invoice() -> None:
    pdf = invoice_pdf(draft(buyer("10"), 100))
    assert "DRAFT" in text_of(pdf)
    assert not PdfReader(BytesIO(pdf)).attachments


def test_a_line_with_two_taxes_has_no_place_in_the_standard_and_stays_pdf_alone() -> None:
    customer = buyer("9")
    rate(customer.entity, "9", code="town", name="Town tax")
    assert not PdfReader(BytesIO(invoice_pdf(final(customer, 100)))).attachments
