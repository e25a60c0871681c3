"""Adding suppliers."""

from django.utils.translation import gettext as _

from docs.examples.suppliers.models import Supplier
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Forbidden, Invalid
from portal.kit.record import record
from portal.kit.services import writing


def supplier_create(*, actor: Actor, name: str, country: str) -> Supplier:
    """Add a supplier to the organisation that the actor stands in. Needs `supplier:create`; event
    `suppliers.supplier.created`. `Invalid` for a name that is there already, or no country."""
    authorise(actor, "supplier:create")
    if actor.organisation_id is None:
        raise Forbidden
    supplier = Supplier(organisation_id=actor.organisation_id, name=name.strip(), country=country.strip().upper())
    with writing():
        if Supplier.objects.get_queryset().filter(organisation_id=actor.organisation_id, name=supplier.name).exists():
            raise Invalid(fields={"name": [_("There is a supplier of that name already.")]})
        if not (len(supplier.country) == 2 and supplier.country.isascii() and supplier.country.isalpha()):
            raise Invalid(fields={"country": [_("Give the two letters of the country, such as DE.")]})
        supplier.save(force_insert=True)
        record(
            "suppliers.supplier.created",
            target=supplier,
            changes={"name": (None, supplier.name), "country": (None, supplier.country)},
        )
    return supplier
