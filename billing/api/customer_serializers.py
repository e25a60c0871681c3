"""Bodies of legal entities, rates, customers, contacts, tax ids and clocks."""

from typing import Any

from rest_framework import serializers

from billing import tax_numbers
from billing.models import BillingContact, Customer, LegalEntity, TaxId, TaxRate, TestClock
from billing.services.customer_details import OWN
from billing.services.entities import EDITABLE
from portal.kit.api import Body, Reply

_ID = "01890000-0000-7000-8000-0000000000d1"
_OTHER = "01890000-0000-7000-8000-0000000000d2"
_MOMENT = "2026-01-31T08:30:00Z"
_PLACE = {"line1": "Am Kai 1", "line2": "", "postal_code": "20457", "city": "Hamburg", "region": "", "country": "DE"}
ENTITY = ("id", "code", *EDITABLE, "is_default", "created_at", "archived_at")
CUSTOMER = (
    "id",
    "organisation_id",
    "entity_id",
    *OWN,
    "currency",
    "tax_status",
    "sandbox",
    "test_clock_id",
    "created_at",
)
RATE = ("id", "code", "name", "country", "region", "percent", "category", "valid_from", "valid_until", "source")


def _line(limit: int, *, needed: bool = False, **how: Any) -> serializers.CharField:
    """A line of text that may be empty, unless `needed`."""
    return serializers.CharField(max_length=limit, required=needed, allow_blank=not needed, **how)


class EntityBody(Body):
    """A legal entity's details; the rules of each are those of the console."""

    name = _line(120, needed=True)
    email = _line(254)
    line1 = _line(120)
    line2 = _line(120)
    postal_code = _line(20)
    city = _line(80)
    region = _line(10, help_text="State or province; for India the code of GST, such as 29.")
    country = _line(2, help_text="ISO 3166, such as DE.")
    registration = _line(120)
    regime = serializers.ChoiceField(choices=LegalEntity.Regime.values, required=False)
    tax_id = _line(30)
    currency = serializers.CharField(max_length=3, required=False, help_text="ISO 4217, such as EUR.")
    time_zone = serializers.CharField(max_length=60, required=False)
    prefix = serializers.CharField(max_length=12, required=False)
    numbering = serializers.ChoiceField(choices=LegalEntity.Numbering.values, required=False)
    due_days = serializers.IntegerField(min_value=0, max_value=365, required=False)
    iban = _line(42)
    bic = _line(11)
    upi_id = _line(80)
    footer = _line(400)
    example = {"name": "Harbour Software GmbH", **_PLACE, "regime": "eu_vat", "currency": "EUR"}


class EntityNewBody(EntityBody):
    """A legal entity to name."""

    code = serializers.SlugField(max_length=20, help_text="It stays.")
    example = {"code": "harbour-de", **EntityBody.example}


class EntityReply(Reply):
    """A company that sells."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    email = serializers.CharField(allow_blank=True)
    line1 = serializers.CharField(allow_blank=True)
    line2 = serializers.CharField(allow_blank=True)
    postal_code = serializers.CharField(allow_blank=True)
    city = serializers.CharField(allow_blank=True)
    region = serializers.CharField(allow_blank=True)
    country = serializers.CharField(allow_blank=True)
    registration = serializers.CharField(allow_blank=True)
    regime = serializers.ChoiceField(choices=LegalEntity.Regime.values)
    tax_id = serializers.CharField(allow_blank=True)
    currency = serializers.CharField()
    time_zone = serializers.CharField()
    prefix = serializers.CharField()
    numbering = serializers.ChoiceField(choices=LegalEntity.Numbering.values)
    due_days = serializers.IntegerField()
    iban = serializers.CharField(allow_blank=True)
    bic = serializers.CharField(allow_blank=True)
    upi_id = serializers.CharField(allow_blank=True)
    footer = serializers.CharField(allow_blank=True)
    is_default = serializers.BooleanField(help_text="New customers buy from it.")
    created_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)
    example = {
        "id": _ID,
        "code": "harbour-de",
        "name": "Harbour Software GmbH",
        "email": "billing@example.com",
        **_PLACE,
        "registration": "HRB 1234, Hamburg",
        "regime": "eu_vat",
        "tax_id": "DE136695976",
        "currency": "EUR",
        "time_zone": "Europe/Berlin",
        "prefix": "INV",
        "numbering": "entity",
        "due_days": 14,
        "iban": "DE89370400440532013000",
        "bic": "COBADEFF",
        "upi_id": "",
        "footer": "",
        "is_default": True,
        "created_at": _MOMENT,
        "archived_at": None,
    }


class RateBody(Body):
    """A rate of tax to add."""

    code = serializers.SlugField(max_length=24, help_text="The same for the rates that follow each other.")
    name = _line(60, needed=True, help_text="As printed on documents.")
    percent = serializers.DecimalField(max_digits=7, decimal_places=4, min_value=0, max_value=100)
    category = serializers.ChoiceField(choices=TaxRate.Category.values, required=False)
    country = _line(2, help_text="Empty: everywhere.")
    region = _line(10)
    valid_from = serializers.DateField()
    valid_until = serializers.DateField(required=False, allow_null=True, help_text="The first day without it.")
    source = _line(200)  # type: ignore[assignment] # a field, not what a field reads from
    example = {"code": "vat-de", "name": "VAT", "percent": "19.0000", "country": "DE", "valid_from": "2026-01-01"}


class RateChangeBody(Body):
    """What changes about a rate; of one that was in force already only its name, source and end."""

    name = _line(60, needed=True)
    percent = serializers.DecimalField(max_digits=7, decimal_places=4, min_value=0, max_value=100)
    valid_until = serializers.DateField(allow_null=True)
    source = _line(200)  # type: ignore[assignment] # a field, not what a field reads from
    example = {"valid_until": "2027-01-01"}


class RatesLoadedReply(Reply):
    """How many rates are new."""

    added = serializers.IntegerField()
    example = {"added": 3}


class RateReply(Reply):
    """A rate of tax, in force from one day until before another."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    country = serializers.CharField(allow_blank=True)
    region = serializers.CharField(allow_blank=True)
    percent = serializers.DecimalField(max_digits=7, decimal_places=4)
    category = serializers.ChoiceField(choices=TaxRate.Category.values)
    valid_from = serializers.DateField()
    valid_until = serializers.DateField(allow_null=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment] # as above
    example = {
        "id": _ID,
        "code": "vat-de",
        "name": "VAT",
        "country": "DE",
        "region": "",
        "percent": "19.0000",
        "category": "standard",
        "valid_from": "2026-01-01",
        "valid_until": None,
        "source": "",
    }


class DetailsBody(Body):
    """What an organisation's documents are made out to."""

    name = _line(120, needed=True)
    email = _line(254)
    line1 = _line(120)
    line2 = _line(120)
    postal_code = _line(20)
    city = _line(80)
    region = _line(10, help_text="State or province; for India the code of GST, such as 29.")
    country = _line(2, help_text="ISO 3166, such as DE.")
    language = serializers.CharField(max_length=10, required=False)
    time_zone = serializers.CharField(max_length=60, required=False)
    example = {"name": "Meadow SA", "city": "Lyon", "country": "FR"}


class CustomerBody(DetailsBody):
    """A customer's details, with what staff alone decides."""

    tax_status = serializers.ChoiceField(choices=Customer.TaxStatus.values, required=False)
    entity_id = serializers.UUIDField(required=False, help_text="Whom it buys from.")


class CustomerNewBody(CustomerBody):
    """An organisation that becomes a customer."""

    name = _line(120, help_text="Empty: the name of the organisation.")
    organisation_id = serializers.UUIDField()
    currency = serializers.CharField(max_length=3, required=False, help_text="It stays. None: the legal entity's.")
    sandbox = serializers.BooleanField(required=False, help_text="For trying things out. It stays.")
    example = {"organisation_id": _OTHER, "country": "FR", "currency": "EUR"}


class CustomerReply(Reply):
    """An organisation as a buyer."""

    id = serializers.UUIDField()
    organisation_id = serializers.UUIDField()
    entity_id = serializers.UUIDField(help_text="Whom it buys from.")
    name = serializers.CharField()
    email = serializers.CharField(allow_blank=True)
    line1 = serializers.CharField(allow_blank=True)
    line2 = serializers.CharField(allow_blank=True)
    postal_code = serializers.CharField(allow_blank=True)
    city = serializers.CharField(allow_blank=True)
    region = serializers.CharField(allow_blank=True)
    country = serializers.CharField(allow_blank=True)
    language = serializers.CharField()
    time_zone = serializers.CharField()
    currency = serializers.CharField()
    tax_status = serializers.ChoiceField(choices=Customer.TaxStatus.values)
    sandbox = serializers.BooleanField()
    test_clock_id = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "organisation_id": _OTHER,
        "entity_id": _OTHER,
        "name": "Meadow SA",
        "email": "accounts@example.com",
        **_PLACE,
        "language": "en",
        "time_zone": "Europe/Paris",
        "currency": "EUR",
        "tax_status": "taxable",
        "sandbox": False,
        "test_clock_id": None,
        "created_at": _MOMENT,
    }


class ContactBody(Body):
    """Somebody who gets the documents, too."""

    email = serializers.EmailField(max_length=254)
    name = _line(120)
    example = {"email": "accounts@example.com", "name": "Accounts"}


class ContactReply(Reply):
    """Somebody who gets the documents, too."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField(allow_blank=True)
    example = {"id": _ID, **ContactBody.example}


class TaxIdBody(Body):
    """A number of a tax office."""

    kind = serializers.ChoiceField(choices=sorted(tax_numbers.KINDS))
    value = serializers.CharField(max_length=40)
    example = {"kind": "eu_vat", "value": "DE136695976"}


class TaxIdReply(Reply):
    """A number of a tax office, and what is known of it."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    value = serializers.CharField()
    checked = serializers.ChoiceField(choices=TaxId.Check.values, help_text="form: nobody was asked yet.")
    checked_at = serializers.DateTimeField(allow_null=True)
    example = {"id": _ID, **TaxIdBody.example, "checked": "valid", "checked_at": _MOMENT}


class ClockStartBody(Body):
    """Where a clock begins."""

    at = serializers.DateTimeField(required=False, help_text="None: now.")
    example = {"at": _MOMENT}


class ClockToBody(Body):
    """Where a clock goes."""

    to = serializers.DateTimeField(help_text="After where it stands, at most two years ahead.")
    example = {"to": "2026-03-01T00:00:00Z"}


class ClockReply(Reply):
    """The time of a sandbox."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    advancing_to = serializers.DateTimeField(allow_null=True, help_text="Null: it stands.")
    run_id = serializers.UUIDField(allow_null=True, help_text="The job that takes it there, or did last.")
    example = {"id": _ID, "at": _MOMENT, "advancing_to": None, "run_id": _OTHER}


def entity_body(entity: LegalEntity) -> dict[str, Any]:
    """A legal entity."""
    return {name: getattr(entity, name) for name in ENTITY}


def rate_body(rate: TaxRate) -> dict[str, Any]:
    """A rate; its percentage as text, exact."""
    return {name: getattr(rate, name) for name in RATE} | {"percent": f"{rate.percent:.4f}"}


def customer_body(customer: Customer) -> dict[str, Any]:
    """A customer."""
    return {name: getattr(customer, name) for name in CUSTOMER}


def contact_body(contact: BillingContact) -> dict[str, Any]:
    """A contact."""
    return {"id": contact.pk, "email": contact.email, "name": contact.name}


def tax_id_body(row: TaxId) -> dict[str, Any]:
    """A number."""
    return {name: getattr(row, name) for name in ("id", "kind", "value", "checked", "checked_at")}


def clock_body(stopped: TestClock) -> dict[str, Any]:
    """A clock."""
    return {name: getattr(stopped, name) for name in ("id", "at", "advancing_to", "run_id")}
