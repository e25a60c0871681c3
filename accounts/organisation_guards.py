"""Who may act in an organisation, and on whom there."""

from uuid import UUID

from django.utils.translation import gettext as _

from accounts.errors import OrganisationClosed, Outranked
from accounts.models import Organisation
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound
from rbac import selectors as rbac
from rbac.models import INSTALLATION
from rbac.services import rights_hold


def authorise_in(actor: Actor, code: str, organisation_id: UUID) -> None:
    """Raise unless `actor` may do `code` in an organisation: by the right there when it stands in it; from outside, as
    staff (or system), by `organisation:admin`. Another organisation than the one it stands in is `NotFound`."""
    if actor.organisation_id is None:
        authorise(actor, "organisation:admin")
    elif actor.organisation_id != organisation_id:
        raise NotFound
    else:
        authorise(actor, code)


def guard_member(actor: Actor, person_id: UUID, organisation_id: UUID) -> None:
    """Raise `Outranked` when the person ranks above `actor` in the organisation. Staff acts from outside, unranked."""
    if actor.organisation_id is None or actor.id == person_id:
        return
    # Resting roles count: whoever is suspended keeps the rank that the others have to respect.
    above = rbac.roles_in(organisation_id, [person_id]).get(person_id)
    if above is not None and (actor.id is None or above.rank > rbac.rank_of(actor.id, organisation_id)):
        raise Outranked(_("Ask somebody with a role at least as high as theirs in this organisation."))


def held_organisation(actor: Actor, code: str, organisation_id: UUID) -> Organisation:
    """`locked_organisation`, together with who holds what in it, and then the question again whether `actor` may do
    `code` there: who lost the right while this waited is refused. In this order, as everybody takes the two locks."""
    organisation = locked_organisation(organisation_id)
    if actor.organisation_id is None:  # What staff may do from outside is held on the installation.
        held_roles(INSTALLATION)
    held_roles(organisation_id)
    authorise_in(actor, code, organisation_id)
    return organisation


def held_roles(organisation_id: UUID) -> None:
    """Let nobody change who holds what in an organisation, or on the installation, until this transaction ends; what was
    known is asked anew."""
    rights_hold(scope_id=organisation_id)


def locked_organisation(organisation_id: UUID) -> Organisation:
    """The row, locked so that it is not closed or suspended meanwhile; `OrganisationClosed` when it is closed."""
    # Shared rows go on: what refers to it only needs its key.
    found = Organisation.objects.select_for_update(no_key=True).filter(pk=organisation_id).first()
    if found is None:
        raise NotFound
    if found.state == Organisation.State.CLOSED:
        raise OrganisationClosed
    return found
