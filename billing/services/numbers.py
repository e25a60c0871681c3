"""Numbers of documents, without gaps: taken as the last step of the transaction that issues the document."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F, Sum

from billing.models import Customer, LegalEntity, NumberSeries

_MARK = {"invoice": "", "credit_note": "CN-"}
_CODE = (8, 12, 32)  # Letters of a customer's id that stand in its numbers: more where two would be alike.


def number_take(*, kind: str, entity: LegalEntity, customer: Customer, at: datetime) -> tuple[NumberSeries, int, str]:
    """The next number of the entity's year or of the customer: series, sequence and how it is written.

    Part of the services that issue documents. The series stays locked until their transaction ends, and a roll-back
    gives the number back. A sandbox counts apart (TEST-).
    """
    of_customer = entity.numbering == LegalEntity.Numbering.CUSTOMER
    year = 0 if of_customer else at.astimezone(ZoneInfo(entity.time_zone)).year
    wanted = {
        "entity": entity,
        "kind": kind,
        "customer_id": customer.pk if of_customer else None,
        "year": year,
        "sandbox": customer.sandbox,
    }
    if not NumberSeries.objects.filter(**wanted).update(last=F("last") + 1):
        _begin(wanted, entity, customer)
        NumberSeries.objects.filter(**wanted).update(last=F("last") + 1)
    series = NumberSeries.objects.get(**wanted)
    return series, series.last, f"{series.prefix}{series.last:0{3 if of_customer else 4}d}"


def _begin(wanted: dict[str, Any], entity: LegalEntity, customer: Customer) -> None:
    """Make the series; whoever was quicker made it already."""
    head = f"{'TEST-' if customer.sandbox else ''}{entity.prefix}-{_MARK[str(wanted['kind'])]}"
    first = 1 if wanted["customer_id"] else _after_customers(wanted)
    tails = (
        [f"{customer.pk.hex[-size:].upper()}-" for size in _CODE] if wanted["customer_id"] else [f"{wanted['year']}-"]
    )
    for tail in tails:
        try:
            with transaction.atomic():
                NumberSeries.objects.create(**wanted, prefix=head + tail, first=first, last=first - 1)
        except IntegrityError:
            if NumberSeries.objects.filter(**wanted).exists():
                return
            continue
        return
    raise RuntimeError(f"No prefix is free for {entity.code}: another series has {head + tails[-1]}.")


def _after_customers(wanted: dict[str, Any]) -> int:
    """Where an entity's first year begins: after the documents that were numbered per customer before."""
    rows = NumberSeries.objects.filter(entity=wanted["entity"], kind=wanted["kind"], sandbox=wanted["sandbox"])
    if rows.filter(customer_id=None).exists():
        return 1
    counted = rows.aggregate(total=Sum(F("last") - F("first") + 1))["total"]
    return int(counted or 0) + 1
