"""What taxes are computed from, read from the rows: for services, which have decided who may ask."""

from billing.models import Customer, LegalEntity, TaxId, TaxRate
from billing.taxes import CustomerFacts, Rate, SellerFacts, TaxNumber


def customer_facts(customer: Customer) -> CustomerFacts:
    """What of `customer` decides about its taxes; one query."""
    numbers = TaxId.objects.filter(customer=customer).order_by("created_at", "id")
    return CustomerFacts(
        customer.country,
        customer.region,
        customer.tax_status,
        tuple(TaxNumber(one.kind, one.value, one.checked == TaxId.Check.INVALID) for one in numbers),
    )


def seller_facts(entity: LegalEntity) -> SellerFacts:
    """What of `entity` decides, with its rates of all times; one query."""
    rates = TaxRate.objects.filter(entity=entity).order_by("country", "code", "valid_from")
    return SellerFacts(entity.regime, entity.country, entity.region, tuple(rate_of(row) for row in rates))


def rate_of(row: TaxRate) -> Rate:
    """A row as the arithmetic takes it."""
    return Rate(
        row.code,
        row.name,
        row.percent,
        row.category,
        row.country,
        row.region,
        row.valid_from,
        row.valid_until,
    )
