"""Meters and features: making, changing, archiving and bringing back."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Max

from billing.models import Feature, Meter
from billing.services.catalogue_rows import change, put, set_archived
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.services import writing

METER = ("code", "name", "unit", "aggregation", "property")
FEATURE = ("code", "name", "description", "kind", "unit", "meter", "position")


def meter_create(*, actor: Actor, code: str, name: str, **values: Any) -> Meter:
    """Make a meter; `values`: `unit`, `aggregation`, `property`. Needs `plan:admin`; event `billing.meter.created`.

    `Invalid` with fields.
    """
    authorise(actor, "plan:admin")
    return put(row=Meter(code=code, name=name, **values), names=METER, event="billing.meter.created")


def meter_update(*, actor: Actor, meter: Meter, values: Mapping[str, Any]) -> Meter:
    """Change what it or its unit is called. Event `billing.meter.updated`; none without a change."""
    authorise(actor, "plan:admin")
    return change(model=Meter, key=meter.pk, values=values, editable=("name", "unit"), event="billing.meter.updated")


def meter_archive(*, actor: Actor, meter: Meter) -> Meter:
    """Offer it to new prices no longer; what stands on it goes on counting. Event `billing.meter.archived`."""
    authorise(actor, "plan:admin")
    return set_archived(model=Meter, key=meter.pk, event="billing.meter.archived", archived=True)


def meter_restore(*, actor: Actor, meter: Meter) -> Meter:
    """Bring a meter back. Event `billing.meter.restored`."""
    authorise(actor, "plan:admin")
    return set_archived(model=Meter, key=meter.pk, event="billing.meter.restored", archived=False)


def feature_create(*, actor: Actor, code: str, name: str, **values: Any) -> Feature:
    """Make a feature, last on the cards; `values`: `description`, `kind`, `unit`, `meter`. Needs `plan:admin`; event
    `billing.feature.created`. `Invalid` with fields.
    """
    authorise(actor, "plan:admin")
    with writing():
        last = Feature.objects.aggregate(last=Max("position"))["last"]
        feature = Feature(code=code, name=name, position=0 if last is None else last + 1, **values)
        return put(row=feature, names=FEATURE, event="billing.feature.created")


def feature_update(*, actor: Actor, feature: Feature, values: Mapping[str, Any]) -> Feature:
    """Change its names or its place on the cards. Event `billing.feature.updated`; none without a change."""
    authorise(actor, "plan:admin")
    editable = ("name", "description", "unit", "position")
    return change(model=Feature, key=feature.pk, values=values, editable=editable, event="billing.feature.updated")


def feature_archive(*, actor: Actor, feature: Feature) -> Feature:
    """Offer it to new versions no longer; who has it keeps it. Event `billing.feature.archived`."""
    authorise(actor, "plan:admin")
    return set_archived(model=Feature, key=feature.pk, event="billing.feature.archived", archived=True)


def feature_restore(*, actor: Actor, feature: Feature) -> Feature:
    """Bring a feature back. Event `billing.feature.restored`."""
    authorise(actor, "plan:admin")
    return set_archived(model=Feature, key=feature.pk, event="billing.feature.restored", archived=False)
