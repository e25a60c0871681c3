"""Importing customers and running subscriptions: uploaded and checked, confirmed, and put in row by row by a job."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation
from accounts.services.organisations import organisation_create
from billing import customer_csv
from billing.customer_csv import Refused, Values, moment
from billing.errors.customers import ImportGone, NoLegalEntity
from billing.models import Customer, CustomerImport, ImportedRow, LegalEntity, Plan, PlanVersion, Subscription
from billing.plan_named import plan_named
from billing.selectors.catalogue import sold
from billing.services.customer_details import customer_create
from billing.services.subscriptions import Terms, subscription_create
from billing.subscription_states import OPEN
from portal.kit import clock, jobs
from portal.kit.context import Actor
from portal.kit.decision import authorise, can
from portal.kit.errors import Forbidden, NotFound, StewardError
from portal.kit.record import record
from portal.kit.services import writing
from rbac.standing import standing_on

JOB = "billing.import_customers"
KEEP = timedelta(hours=48)  # policy.md: abandoned uploads.
AHEAD = timedelta(days=3 * 366)  # Nobody pays for more than three years.
DETAILS = ("email", "line1", "line2", "postal_code", "city", "region", "country", "currency", "time_zone")


@dataclass
class _Known:
    """What the rows of a file are held against; a fixed number of queries, whatever their number."""

    ids: set[str]
    organisations: dict[str, Organisation]
    customers: dict[UUID, Customer]
    running: set[tuple[UUID, UUID]]
    entity: LegalEntity
    may_make: bool
    plans: dict[str, dict[str, PlanVersion]] = field(default_factory=dict)
    taken: dict[tuple[str, UUID], int] = field(default_factory=dict)
    named: dict[str, tuple[int, str]] = field(default_factory=dict)

    def version(self, plan: str, currency: str) -> PlanVersion | None:
        """What a plan is sold as in a currency."""
        if currency not in self.plans:
            found = sold(currency=currency, kind=Plan.Kind.BASE)
            self.plans[currency] = {row.plan.code: row for row in found}
        return self.plans[currency].get(plan)


def import_upload(*, actor: Actor, filename: str, content: bytes) -> CustomerImport:
    """Check an uploaded file and keep what it holds until it is confirmed: a dry run, nothing else is written. Staff
    (`invoice:admin` and `subscription:admin`). `ImportUnreadable`, `NoLegalEntity`."""
    _authorise(actor)
    if actor.id is None:
        raise Forbidden
    parsed = customer_csv.parse(content)
    with writing():
        known = _known(actor, [values for _line, values in parsed.rows])
        fresh = [(line, values) for line, values in parsed.rows if values["external_id"] not in known.ids]
        wrong = [(line, _problems(values, line, known)) for line, values in fresh]
        refused: list[Refused] = [
            (line, name, customer_csv.shortened(dict(fresh)[line].get(name, "")), why)
            for line, found in wrong
            for name, why in found.items()
        ]
        bad = {line for line, found in wrong if found}
        return CustomerImport.objects.create(
            uploaded_by_id=actor.id,
            filename=customer_csv.shortened(filename),
            accepted=[[line, values] for line, values in fresh if line not in bad],
            known=[[line, values["external_id"]] for line, values in parsed.rows if values["external_id"] in known.ids],
            refused=sorted(parsed.refused + refused),
        )


def import_confirm(*, actor: Actor, import_id: UUID) -> UUID:
    """Queue the job that puts the accepted rows in; returns its run. Confirming again answers with the same run.

    Event `billing.import.confirmed`. `NotFound` for another person's import, `ImportGone` for one that is too old.
    """
    _authorise(actor)
    with writing():
        found = CustomerImport.objects.select_for_update().filter(pk=import_id, uploaded_by_id=actor.id).first()
        if found is None:
            raise NotFound
        if found.run_id is not None:
            return found.run_id
        if found.created_at < clock.now() - KEEP or not found.accepted:
            raise ImportGone
        found.state = CustomerImport.State.CONFIRMED
        found.run_id = jobs.enqueue(JOB, actor=actor, args={"import": str(found.pk)}, key=str(found.pk))
        found.save(update_fields=["state", "run_id"])
        digest = sha256(repr(found.accepted).encode()).hexdigest()
        record("billing.import.confirmed", target=found, data={"rows": len(found.accepted), "sha256": digest})
    return found.run_id


def import_rows(*, actor: Actor, import_id: UUID) -> list[tuple[int, Values]]:
    """The rows of a confirmed import; part of the job. `ImportGone`."""
    _authorise(actor)
    found = CustomerImport.objects.filter(pk=import_id).exclude(state=CustomerImport.State.PREVIEW).first()
    if found is None:
        raise ImportGone
    return [(line, values) for line, values in found.accepted]


def import_row(*, actor: Actor, import_id: UUID, line: int, values: Values) -> bool:
    """Put one row in, with its organisation, customer and subscription, or nothing of it; whether it is in. Part of the
    job. Once by its external id, however often. What is refused is kept with its reason; the rows after it go on.

    Events of what is made.
    """
    _authorise(actor)
    try:
        with writing(), transaction.atomic():
            _put(actor, values)
    except StewardError as error:
        with writing():
            found = CustomerImport.objects.select_for_update().get(pk=import_id)
            told = [line, values["external_id"], str(error.detail)]
            if told not in found.failed:
                found.failed = [*found.failed, told]
                found.save(update_fields=["failed"])
        return False
    return True


def import_finish(*, actor: Actor, import_id: UUID, done: int) -> int:
    """Say that a run is through; how many rows it could not do. Event `billing.import.done`; once."""
    _authorise(actor)
    with writing():
        found = CustomerImport.objects.select_for_update().get(pk=import_id)
        if found.state != CustomerImport.State.DONE:
            found.state = CustomerImport.State.DONE
            found.save(update_fields=["state"])
            record("billing.import.done", target=found, data={"rows": done, "failed": len(found.failed)})
        return len(found.failed)


def _authorise(actor: Actor) -> None:
    for code in ("invoice:admin", "subscription:admin"):
        authorise(actor, code)


def _put(actor: Actor, values: Values) -> None:
    if ImportedRow.objects.filter(external_id=values["external_id"]).exists():
        return
    where = Organisation.objects.select_for_update(no_key=True).filter(slug=values["organisation"]).first()
    if where is None:
        name = values["name"] or values["organisation"]
        where = organisation_create(actor=actor, name=name, slug=values["organisation"])
    customer = Customer.objects.select_related("test_clock", "entity").filter(organisation=where).first()
    if customer is None:
        details = {name: values[name] for name in DETAILS if values[name]}
        customer = customer_create(actor=actor, organisation_id=where.pk, name=values["name"], **details)
    subscription = _subscribed(actor, customer, values) if values["plan"] else None
    with standing_on(where.pk):
        ImportedRow.objects.create(
            organisation=where, external_id=values["external_id"], customer=customer, subscription=subscription
        )


def _subscribed(actor: Actor, customer: Customer, values: Values) -> Subscription:
    start, until = _dates(values, customer.time_zone)
    terms = Terms(starts_at=start, charges_from=until, trial_days=0, first_payment=False)
    done = subscription_create(
        actor=actor,
        customer=customer,
        version=plan_named(values["plan"], customer.currency),
        quantity=int(values["quantity"] or 1),
        terms=terms,
    )
    return done.subscription


def _dates(values: Values, zone: str) -> tuple[datetime, datetime]:
    start, until = (moment(values[name], zone) for name in ("started_at", "billed_until"))
    if start is None or until is None:  # Checked when it was uploaded.
        raise ImportGone
    return start, until


def _known(actor: Actor, rows: Sequence[Values]) -> _Known:
    ids, slugs = ([row[name] for row in rows] for name in ("external_id", "organisation"))
    there = {row.slug: row for row in Organisation.objects.filter(slug__in=slugs)}
    keys = [row.pk for row in there.values()]
    entity = LegalEntity.objects.filter(is_default=True, archived_at=None).first()
    if entity is None:
        raise NoLegalEntity
    running = Subscription.objects.filter(organisation__in=keys, state__in=OPEN)
    return _Known(
        ids=set(ImportedRow.objects.filter(external_id__in=ids).values_list("external_id", flat=True)),
        organisations=there,
        customers={row.organisation_id: row for row in Customer.objects.filter(organisation__in=keys)},
        running=set(running.values_list("organisation_id", "plan_version__plan__product_id")),
        entity=entity,
        may_make=can(actor, "organisation:admin").allowed,
    )


def _problems(values: Values, line: int, known: _Known) -> dict[str, str]:
    """What keeps a row that can be read from going in, and what to do: the reason by the column."""
    where = known.organisations.get(values["organisation"])
    customer = known.customers.get(where.pk) if where is not None else None
    currency = customer.currency if customer is not None else values["currency"] or known.entity.currency
    wrong: dict[str, Any] = {}
    if where is None and not known.may_make:
        wrong["organisation"] = _("There is none with this short name, and you may not make one.")
    elif where is not None and where.state == Organisation.State.CLOSED:
        wrong["organisation"] = _("This organisation is closed. Choose another short name.")
    if customer is not None and values["currency"] not in {"", currency}:
        wrong["currency"] = _("This customer pays in %(currency)s, which stays.") % {"currency": currency}
    first, of = known.named.setdefault(values["organisation"], (line, currency))
    if of != currency:
        wrong["currency"] = _("Line %(line)d has another currency for this organisation.") % {"line": first}
    if values["plan"]:
        wrong |= _unsold(values, line, currency, where, known)
        zone = customer.time_zone if customer is not None else values["time_zone"] or known.entity.time_zone
        wrong |= _late(*_dates(values, zone))
    return wrong


def _unsold(values: Values, line: int, currency: str, where: Organisation | None, known: _Known) -> dict[str, str]:
    version = known.version(values["plan"], currency)
    if version is None:
        text = _("No plan with this code is sold in %(currency)s. Publish one, or correct the code.")
        return {"plan": text % {"currency": currency}}
    product = version.plan.product_id
    if where is not None and (where.pk, product) in known.running:
        return {"plan": _("It takes a plan of this product already. End that one first, or leave the row out.")}
    first = known.taken.setdefault((values["organisation"], product), line)
    if first != line:
        return {"plan": _("Line %(line)d gives it a plan of this product already.") % {"line": first}}
    return {}


def _late(start: datetime, until: datetime) -> dict[str, str]:
    now = clock.now()
    if start > now:
        return {"started_at": _("It lies ahead. Import it when it has begun, or subscribe the customer by hand.")}
    if until < start:
        return {"billed_until": _("It lies before the start. Give the end of the last period that was billed.")}
    if until > now + AHEAD:
        return {"billed_until": _("It lies more than three years ahead. Give the end of the period that was billed.")}
    return {}
