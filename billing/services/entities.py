"""Changing the companies that sell: their details, which one is the default, archive and restore."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from billing import tax_numbers
from billing.errors.customers import EntityArchived, EntityInUse
from billing.models import LegalEntity
from billing.places import place_checked, zone_checked
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Invalid, NotFound
from portal.kit.money import CurrencyUnknown, exponent
from portal.kit.plain import invalid
from portal.kit.record import diff, record
from portal.kit.services import writing

ADDRESS = ("line1", "line2", "postal_code", "city", "region", "country")
EDITABLE = (
    "name",
    "email",
    *ADDRESS,
    "registration",
    "regime",
    "tax_id",
    "currency",
    "time_zone",
    "prefix",
    "numbering",
    "due_days",
    "iban",
    "bic",
    "upi_id",
    "footer",
)
_TAX_KINDS = {"eu_vat": "eu_vat", "gst": "in_gst"}


def entity_update(*, actor: Actor, entity: LegalEntity, values: dict[str, Any]) -> LegalEntity:
    """Change details of a legal entity. Documents that were issued keep what they say. Staff (`invoice:admin`).

    Event `billing.entity.updated`; none when all is as it was. `Invalid` with fields.
    """
    authorise(actor, "invoice:admin")
    if unknown := sorted(set(values) - set(EDITABLE)):
        raise Invalid(fields={name: [_("This cannot be changed here.")] for name in unknown})
    with writing():
        entity = _locked(entity)
        for name, value in values.items():
            setattr(entity, name, value)
        entity_check(entity=entity)
        after = {name: getattr(entity, name) for name in values}
        changes = diff(LegalEntity.objects.get(pk=entity.pk), after)
        if changes:
            entity.save(update_fields=list(changes))
            record("billing.entity.updated", target=entity, changes=changes)
    return entity


def entity_default(*, actor: Actor, entity: LegalEntity) -> LegalEntity:
    """Make it the one that new customers buy from. Staff (`invoice:admin`). `EntityArchived`.

    Event `billing.entity.updated` of both; none when it is the default already.
    """
    authorise(actor, "invoice:admin")
    with writing():
        entities = {row.pk: row for row in LegalEntity.objects.select_for_update().order_by("id")}
        found = entities.get(entity.pk)
        if found is None:
            raise NotFound
        if found.archived_at is not None:
            raise EntityArchived
        # The old one first: there is never more than one.
        for row in sorted(entities.values(), key=lambda one: one.pk == found.pk):
            _default_set(row, row.pk == found.pk)
    return found


def _default_set(entity: LegalEntity, value: bool) -> None:
    if entity.is_default != value:
        entity.is_default = value
        entity.save(update_fields=["is_default"])
        record("billing.entity.updated", target=entity, changes={"is_default": (not value, value)})


def entity_archive(*, actor: Actor, entity: LegalEntity) -> LegalEntity:
    """Sell nothing new by it; what was sold goes on. Staff (`invoice:admin`). Event `billing.entity.archived`.

    `EntityInUse` for the default one.
    """
    authorise(actor, "invoice:admin")
    with writing():
        entity = _locked(entity)
        if entity.is_default:
            raise EntityInUse
        return _archived_set(entity, "billing.entity.archived", archived=True)


def entity_restore(*, actor: Actor, entity: LegalEntity) -> LegalEntity:
    """Sell by it again. Staff (`invoice:admin`). Event `billing.entity.restored`."""
    authorise(actor, "invoice:admin")
    with writing():
        return _archived_set(_locked(entity), "billing.entity.restored", archived=False)


def _archived_set(entity: LegalEntity, code: str, *, archived: bool) -> LegalEntity:
    if (entity.archived_at is not None) == archived:
        return entity
    before, entity.archived_at = entity.archived_at, clock.now() if archived else None
    entity.save(update_fields=["archived_at"])
    record(code, target=entity, changes={"archived_at": (before, entity.archived_at)})
    return entity


def _locked(entity: LegalEntity) -> LegalEntity:
    found = LegalEntity.objects.select_for_update().filter(pk=entity.pk).first()
    if found is None:
        raise NotFound
    return found


def entity_check(*, entity: LegalEntity) -> None:
    """`Invalid` with every field that is wrong; puts numbers into the form in which they are kept."""
    wrong: dict[str, list[str]] = {}

    def take(check: Any, *given: Any, field: str = "") -> Any:
        try:
            return check(*given)
        except CurrencyUnknown as error:
            wrong["currency"] = [str(error.detail)]
        except Invalid as error:
            wrong.update({field or name: list(map(str, texts)) for name, texts in error.fields.items()})

    take(exponent, entity.currency)
    take(place_checked, entity.country, entity.region)
    take(zone_checked, entity.time_zone)
    if entity.iban:
        entity.iban = take(tax_numbers.iban_checked, entity.iban) or entity.iban
    kind = _TAX_KINDS.get(entity.regime, "")
    if kind and entity.tax_id:
        entity.tax_id = take(tax_numbers.checked, kind, entity.tax_id, field="tax_id") or entity.tax_id
    if entity.regime == LegalEntity.Regime.GST and not entity.region:
        wrong.setdefault("region", [_("GST depends on the state: name its code, such as 29.")])
    if entity.regime in _TAX_KINDS and not entity.country:
        wrong.setdefault("country", [_("Taxes depend on the country: choose it.")])
    try:
        entity.full_clean(validate_constraints=False)
    except ValidationError as error:
        wrong |= {name: list(map(str, texts)) for name, texts in invalid(error).fields.items() if name not in wrong}
    if wrong:
        raise Invalid(fields=wrong)
