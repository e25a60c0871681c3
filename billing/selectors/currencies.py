"""Currencies that money is taken in."""

from billing.models import Customer, LegalEntity


def currencies_in_use() -> list[str]:
    """Currencies of customers that are no sandboxes, after that of the default legal entity; empty where nobody sells."""
    first = list(LegalEntity.objects.filter(is_default=True).values_list("currency", flat=True))
    others = Customer.objects.filter(sandbox=False).order_by("currency").values_list("currency", flat=True).distinct()
    return first + [one for one in others if one not in first]
