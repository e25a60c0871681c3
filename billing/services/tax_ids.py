"""Numbers under which a customer is known to tax offices: added, taken away, and checked with the office by a job."""

from uuid import UUID

from django.utils.translation import gettext as _

from billing import offices, tax_numbers
from billing.errors.customers import TooManyKept
from billing.guards import authorise_for
from billing.models import Customer, TaxId
from billing.services.customer_details import customer_locked
from portal.kit import clock, jobs
from portal.kit.context import Actor
from portal.kit.errors import Invalid, NotFound
from portal.kit.record import record
from portal.kit.services import writing
from rbac.standing import standing_on

JOB = "billing.check_tax_id"  # Of staff.
OWN_JOB = "billing.check_own_tax_id"
MOST = 20


def tax_id_add(*, actor: Actor, customer: Customer, kind: str, value: str) -> TaxId:
    """Keep a number of a tax office, whose form is right; where an office can be asked, a job does that later. Inside:
    `billing:admin`; staff: `invoice:admin`.

    Event `billing.tax_id.added`. `Invalid` says what is wrong with it, `TooManyKept` from 20 on.
    """
    authorise_for(actor, customer.organisation_id)
    clean = tax_numbers.checked(kind, value)
    with standing_on(customer.organisation_id):
        customer_locked(customer_id=customer.pk)
        there = TaxId.objects.filter(customer=customer)
        if there.filter(kind=kind, value=clean).exists():
            raise Invalid(fields={"value": [_("This number is there already.")]})
        if there.count() >= MOST:
            raise TooManyKept
        made = TaxId.objects.create(organisation_id=customer.organisation_id, customer=customer, kind=kind, value=clean)
        record("billing.tax_id.added", target=made, changes={"kind": (None, kind), "value": (None, clean)})
        if offices.office_for(kind) is not None:
            args = {"organisation": str(customer.organisation_id), "tax_id": str(made.pk)}
            job = JOB if actor.organisation_id is None else OWN_JOB
            jobs.enqueue(job, actor=actor, args=args, key=str(made.pk), about=customer)
    return made


def tax_id_remove(*, actor: Actor, customer: Customer, tax_id: UUID) -> None:
    """Print that number no more. Event `billing.tax_id.removed`. `NotFound` when it is none of the customer's."""
    authorise_for(actor, customer.organisation_id)
    with standing_on(customer.organisation_id):
        found = TaxId.objects.select_for_update().filter(pk=tax_id, customer=customer).first()
        if found is None:
            raise NotFound
        record(
            "billing.tax_id.removed", target=found, changes={"kind": (found.kind, None), "value": (found.value, None)}
        )
        found.delete()


def tax_id_ask(*, tax_id: UUID, organisation_id: UUID) -> tuple[str, str, str] | None:
    """What the office is asked: kind, value and the seller's own number; None when the number is gone. Part of the job."""
    with standing_on(organisation_id):
        found = TaxId.objects.select_related("customer__entity").filter(pk=tax_id).first()
        if found is None:
            return None
        seller = found.customer.entity
        return found.kind, found.value, seller.tax_id if seller.regime == "eu_vat" else ""


def tax_id_answered(*, tax_id: UUID, organisation_id: UUID, answer: offices.Answer) -> bool:
    """Keep what the office said, with the moment and its number for it. Part of the job. Event `billing.tax_id.checked`;
    false when the number is gone meanwhile."""
    with writing(), standing_on(organisation_id):
        found = TaxId.objects.select_for_update(of=("self",)).filter(pk=tax_id).first()
        if found is None:
            return False
        before = found.checked
        found.checked = TaxId.Check.VALID if answer.valid else TaxId.Check.INVALID
        found.checked_at = clock.now()
        found.consultation = answer.consultation
        found.save(update_fields=["checked", "checked_at", "consultation"])
        record(
            "billing.tax_id.checked",
            target=found,
            changes={"checked": (before, found.checked), "consultation": ("", found.consultation)},
        )
    return True
