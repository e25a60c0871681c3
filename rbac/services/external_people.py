"""What host products call the members of an organisation."""

from uuid import UUID

from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.record import diff, record
from portal.kit.services import writing
from rbac import decision
from rbac.delegation import OVER_PRODUCTS
from rbac.models import Application, ExternalPerson
from rbac.tree_guards import authorise_here
from rbac.tree_rules import check, kept_by_database


def external_person_put(
    *, actor: Actor, organisation_id: UUID, application: Application, external_id: str, person_id: UUID
) -> tuple[ExternalPerson, bool]:
    """Say by which id a host product knows a member of the organisation. Returns the row, and whether it is new.

    Needs `member:admin`: whoever goes by that id in the product has there what the member holds, so it is as if every
    right were given. Events `rbac.external_person.named`, or `.renamed` when the id meant somebody else. Said again, it
    changes nothing. `Invalid` for an id that cannot be one, `NotAMember`, `PersonKnownOtherwise` for a person whom the
    product knows by another id.
    """
    authorise_here(actor, OVER_PRODUCTS, organisation_id)
    row = ExternalPerson(
        organisation_id=organisation_id, application=application, external_id=external_id, user_id=person_id
    )
    check(row, ("external_id",))
    with writing():
        held = ExternalPerson.objects.select_for_update().filter(
            organisation_id=organisation_id, application=application, external_id=external_id
        )
        found = held.first()
        if found is not None and found.user_id == person_id:
            return found, False
        changes = {} if found is None else diff(found, {"user_id": person_id})
        with kept_by_database():
            if found is None:
                row.save(force_insert=True)
            else:
                row, found.user_id = found, person_id
                found.save(update_fields=["user"])
        if changes:
            record("rbac.external_person.renamed", target=row, changes=changes)
        else:
            record("rbac.external_person.named", target=row, data={"application": application.code})
        decision.mark_changed()
    return row, not changes


def external_person_delete(*, actor: Actor, row: ExternalPerson) -> None:
    """Forget by which id a host product knows somebody. Needs `member:admin`; event `rbac.external_person.forgotten`."""
    authorise_here(actor, OVER_PRODUCTS, row.organisation_id)
    with writing():
        found = ExternalPerson.objects.select_for_update().filter(pk=row.pk).first()
        if found is None:
            raise errors.NotFound
        record("rbac.external_person.forgotten", target=found)
        found.delete()
        decision.mark_changed()
