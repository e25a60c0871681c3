"""Rates of tax of a legal entity: added, corrected before they hold, ended; never changed once they held."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.errors.taxes import TaxRateInForce, TaxRateOverlaps
from billing.models import LegalEntity, TaxRate
from billing.places import place_checked
from billing.tax_data import ready_for
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Invalid, NotFound
from portal.kit.plain import invalid
from portal.kit.record import diff, record
from portal.kit.services import writing

FACTS = ("code", "name", "country", "region", "percent", "category", "valid_from", "valid_until", "source")
LATER = ("name", "valid_until", "source")  # What may change of a rate that holds or held.


def tax_rate_add(
    *,
    actor: Actor,
    entity: LegalEntity,
    code: str,
    name: str,
    percent: Decimal,
    valid_from: date,
    **values: Any,
) -> TaxRate:
    """A rate of the entity from a day on. One of the same code that has no end yet ends on that day. Staff
    (`invoice:admin`).

    Events `billing.tax_rate.added`, and `billing.tax_rate.updated` of the one that ends. `Invalid`, `TaxRateOverlaps`.
    """
    authorise(actor, "invoice:admin")
    rate = TaxRate(entity=entity, code=code, name=name, percent=percent, valid_from=valid_from, **values)
    with writing():
        _locked_entity(entity.pk)
        _check(rate)
        before = TaxRate.objects.filter(entity=entity, code=code, valid_until=None, valid_from__lt=valid_from).first()
        if before is not None:
            _change(before, {"valid_until": valid_from})
        _save(rate, force_insert=True)
        record(
            "billing.tax_rate.added",
            target=rate,
            changes={field: (None, getattr(rate, field)) for field in FACTS},
        )
    return rate


def tax_rate_update(*, actor: Actor, entity: LegalEntity, rate_id: UUID, values: dict[str, Any]) -> TaxRate:
    """Correct a rate that does not hold yet or began today; of an older one only its name, source and end, which is
    no day before today. Staff (`invoice:admin`). Event `billing.tax_rate.updated`.

    `TaxRateInForce` for anything else of a rate that documents may have been made with; `Invalid`, `TaxRateOverlaps`.
    """
    authorise(actor, "invoice:admin")
    if unknown := sorted(set(values) - set(FACTS) | {"code"} & set(values)):
        raise Invalid(fields={name: [_("This cannot be changed here.")] for name in unknown})
    with writing():
        entity = _locked_entity(entity.pk)
        rate = TaxRate.objects.select_for_update().filter(pk=rate_id, entity=entity).first()
        if rate is None:
            raise NotFound
        today = clock.now().astimezone(ZoneInfo(entity.time_zone)).date()
        changes = diff(rate, values)
        if rate.valid_from < today and not set(changes) <= set(LATER):
            raise TaxRateInForce
        until = values.get("valid_until")
        if "valid_until" in changes and rate.valid_from < today:
            ended = rate.valid_until is not None and rate.valid_until <= today
            if ended or (until is not None and until < today):
                raise TaxRateInForce
        _change(rate, values)
    return rate


def tax_rates_load(*, actor: Actor, entity: LegalEntity) -> int:
    """Add the ready-made rates of the entity's regime whose codes it does not have; how many. Staff (`invoice:admin`).

    Events `billing.tax_rate.added`.
    """
    authorise(actor, "invoice:admin")
    with writing():
        entity = _locked_entity(entity.pk)
        there = set(TaxRate.objects.filter(entity=entity).values_list("code", flat=True))
        ready = [one for one in ready_for(entity.regime) if one.code not in there]
        for one in ready:
            rate = TaxRate(entity=entity, **{field: getattr(one, field) for field in FACTS if hasattr(one, field)})
            _save(rate, force_insert=True)
            record(
                "billing.tax_rate.added",
                target=rate,
                changes={field: (None, getattr(rate, field)) for field in FACTS},
            )
    return len(ready)


def _change(rate: TaxRate, values: dict[str, Any]) -> None:
    changes = diff(rate, values)
    if not changes:
        return
    for name, value in values.items():
        setattr(rate, name, value)
    _check(rate)
    _save(rate, update_fields=list(changes))
    record("billing.tax_rate.updated", target=rate, changes=changes)


def _check(rate: TaxRate) -> None:
    place_checked(rate.country, rate.region)
    wrong: dict[str, list[str]] = {}
    if rate.category not in ("standard", "reduced") and rate.percent:
        wrong["percent"] = [_("Where nothing is due the rate is 0.")]
    if not 0 <= rate.percent <= 100:
        wrong["percent"] = [_("Write 0 to 100, such as 19 or 25.5.")]
    if rate.valid_until is not None and rate.valid_until <= rate.valid_from:
        wrong["valid_until"] = [_("It ends after the day on which it begins.")]
    if wrong:
        raise Invalid(fields=wrong)
    try:
        rate.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise invalid(error) from error


def _save(rate: TaxRate, **how: Any) -> None:
    try:
        with transaction.atomic():
            rate.save(**how)
    except IntegrityError as error:
        raise TaxRateOverlaps from error


def _locked_entity(entity_id: UUID) -> LegalEntity:
    # One at a time adds and ends rates of an entity: the trigger that refuses two at once sees only what is there.
    found = LegalEntity.objects.select_for_update().filter(pk=entity_id).first()
    if found is None:
        raise NotFound
    return found
