"""Taxes of a document as rows: one per rate, with its parts by line."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from billing.models import Invoice, InvoiceLine, InvoiceTax
from billing.tax_facts import customer_facts, seller_facts
from billing.taxes import LineTax, NetLine, tax_of
from billing.times import now_of


@dataclass(slots=True)
class Taxed:
    """The rows of a document's taxes, unsaved, and what falls on each line by its key."""

    rows: list[InvoiceTax] = field(default_factory=list)
    by_line: dict[str, int] = field(default_factory=dict)


def day_of(invoice: Invoice) -> date:
    """The day of the document where its seller sits, by the customer's time."""
    return now_of(invoice.customer).astimezone(ZoneInfo(invoice.entity.time_zone)).date()


def taxed(invoice: Invoice, lines: Sequence[InvoiceLine]) -> Taxed:
    """The taxes of `lines` today. `TaxRateMissing` when the seller has no rate for one."""
    nets = [NetLine(line.key, line.amount - line.discount, line.tax_category) for line in lines]
    found = Taxed()
    groups: dict[tuple[str, str], list[LineTax]] = {}
    for tax in tax_of(customer_facts(invoice.customer), seller_facts(invoice.entity), nets, day_of(invoice)):
        groups.setdefault((tax.code, str(tax.percent)), []).append(tax)
        found.by_line[tax.key] = found.by_line.get(tax.key, 0) + tax.amount
    for place, group in enumerate(groups.values(), 1):
        first = group[0]
        found.rows.append(
            InvoiceTax(
                organisation_id=invoice.organisation_id,
                invoice=invoice,
                position=place,
                code=first.code,
                name=first.name,
                percent=first.percent,
                category=first.category,
                base=sum(one.base for one in group),
                amount=sum(one.amount for one in group),
                parts={one.key: one.amount for one in group},
            )
        )
    return found


def sum_up(invoice: Invoice, rows: Sequence[InvoiceLine], found: Taxed) -> None:
    """Set the taxes of the lines and the sums of the invoice, unsaved; part of other services."""
    for row in rows:
        row.tax = found.by_line.get(row.key, 0)
    invoice.subtotal = sum(row.amount for row in rows)
    invoice.discount = sum(row.discount for row in rows)
    invoice.tax = sum(row.tax for row in rows)
    invoice.total = invoice.subtotal - invoice.discount + invoice.tax
