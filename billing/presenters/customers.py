"""Legal entities and customers as pages show them, and what one actor may do with each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import organisation_selectors
from accounts.models import Membership
from billing import tax_numbers
from billing.models import BillingContact, Customer, LegalEntity, TaxId, TaxRate
from billing.places import country_name, region_name
from billing.selectors import customers as selectors
from portal.kit.context import Actor
from portal.kit.decision import can
from rbac import selectors as rbac

HUES = 5
Fact = dict[str, Any]


@dataclass(frozen=True)
class EntityRow:
    """A legal entity in a list."""

    entity: LegalEntity

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.entity.pk)

    @property
    def label(self) -> str:
        """Its name."""
        return self.entity.name

    @property
    def code(self) -> str:
        """Its code."""
        return self.entity.code

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("billing:entity", args=[self.entity.pk])

    @property
    def hue(self) -> int:
        """Colour of its mark."""
        return self.entity.pk.int % HUES

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return entity_state(self.entity)[0]

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return entity_state(self.entity)[1]

    @property
    def country(self) -> str:
        """Where it sits."""
        return country_name(self.entity.country)

    @property
    def regime(self) -> str:
        """Its rules of tax."""
        return self.entity.get_regime_display()

    @property
    def currency(self) -> str:
        """What it sells in."""
        return self.entity.currency


def entity_state(entity: LegalEntity) -> tuple[str, str]:
    """Tone and word of an entity's state."""
    if entity.archived_at is not None:
        return "", _("Archived")
    return ("ok", _("Default")) if entity.is_default else ("info", _("Active"))


def entity_rows(actor: Actor, found: Sequence[LegalEntity]) -> list[EntityRow]:
    """Rows of the list."""
    return [EntityRow(entity) for entity in found]


def address_text(row: LegalEntity | Customer) -> str:
    """An address in one line."""
    parts = (
        row.line1,
        row.line2,
        f"{row.postal_code} {row.city}".strip(),
        region_name(row.country, row.region),
        country_name(row.country),
    )
    return ", ".join(part for part in parts if part)


def entity_facts(entity: LegalEntity) -> list[Fact]:
    """What its page tells of it."""
    numbering = f"{entity.prefix}, {entity.get_numbering_display()}"
    facts: list[Fact] = [
        {"label": _("Address"), "value": address_text(entity)},
        {"label": _("E-mail address"), "value": entity.email},
        {"label": _("Register"), "value": entity.registration},
        {"label": _("Taxes"), "value": entity.get_regime_display()},
        {"label": _("Tax id"), "value": entity.tax_id, "mono": True},
        {"label": _("Currency"), "value": entity.currency},
        {"label": _("Time zone"), "value": entity.time_zone},
        {"label": _("Numbers of documents"), "value": numbering},
        {"label": _("Days to pay"), "value": entity.due_days},
        {"label": "IBAN", "value": entity.iban, "mono": True},
        {"label": "BIC", "value": entity.bic, "mono": True},
        {"label": _("UPI id"), "value": entity.upi_id, "mono": True},
        {"label": _("At the foot of documents"), "value": entity.footer},
    ]
    return [fact for fact in facts if fact["value"] not in ("", None)]


def rate_rows(found: Sequence[TaxRate], end_form: Callable[[str], Any]) -> list[dict[str, Any]]:
    """Rates as the tab shows them; one without an end has a dialog that ends it, with a form of its own."""
    return [
        {
            "id": str(rate.pk),
            "code": rate.code,
            "name": rate.name,
            "percent": f"{rate.percent.normalize():f} %",
            "place": ", ".join(
                part for part in (country_name(rate.country), region_name(rate.country, rate.region)) if part
            )
            or _("Everywhere"),
            "category": rate.get_category_display(),
            "valid_from": rate.valid_from,
            "valid_until": rate.valid_until,
            "source": rate.source,
            "dialog": "" if rate.valid_until else f"end-{rate.pk}",
            "hidden": [("do", "end"), ("rate", str(rate.pk))],
            "form": None if rate.valid_until else end_form(str(rate.pk)),
        }
        for rate in found
    ]


@dataclass(frozen=True)
class CustomerRow:
    """A customer in a list."""

    customer: Customer

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.customer.pk)

    @property
    def label(self) -> str:
        """Its name."""
        return self.customer.name

    @property
    def slug(self) -> str:
        """Short name of the organisation."""
        return self.customer.organisation.slug

    @property
    def url(self) -> str:
        """Its page for staff."""
        return reverse("billing:customer", args=[self.customer.pk])

    @property
    def hue(self) -> int:
        """Colour of its mark: the organisation's."""
        return self.customer.organisation_id.int % HUES

    @property
    def state_tone(self) -> str:
        """Tone of the chip."""
        return customer_state(self.customer)[0]

    @property
    def state_label(self) -> str:
        """Word of the chip."""
        return customer_state(self.customer)[1]

    @property
    def country(self) -> str:
        """Where it sits."""
        return country_name(self.customer.country)

    @property
    def entity(self) -> str:
        """Whom it buys from."""
        return self.customer.entity.name

    @property
    def currency(self) -> str:
        """What it pays in."""
        return self.customer.currency

    @property
    def created_at(self) -> datetime:
        """Since when it is a customer."""
        return self.customer.created_at


def customer_state(customer: Customer) -> tuple[str, str]:
    """Tone and word: real, or a sandbox whose money is not."""
    return ("warn", _("Sandbox")) if customer.sandbox else ("ok", _("Live"))


def customer_rows(actor: Actor, found: Sequence[Customer]) -> list[CustomerRow]:
    """Rows of the list."""
    return [CustomerRow(customer) for customer in found]


def customer_facts(customer: Customer, *, staff: bool) -> list[Fact]:
    """What documents are made out to."""
    facts: list[Fact] = [
        {"label": _("Address"), "value": address_text(customer)},
        {"label": _("E-mail address"), "value": customer.email},
        {"label": _("Currency"), "value": customer.currency},
        {"label": _("Time zone"), "value": customer.time_zone},
        {"label": _("Taxed"), "value": customer.get_tax_status_display()},
        {"label": _("Customer since"), "when": customer.created_at, "style": "date"},
    ]
    if staff:
        url = reverse("billing:entity", args=[customer.entity_id])
        facts.insert(0, {"label": _("Buys from"), "value": customer.entity.name, "url": url})
    return facts


def contact_rows(found: Sequence[BillingContact]) -> list[dict[str, Any]]:
    """Contacts as a page lists them."""
    return [
        {
            "id": str(row.pk),
            "name": row.name,
            "email": row.email,
            "dialog": f"contact-{row.pk}",
            "hidden": [("do", "contact-remove"), ("contact", str(row.pk))],
        }
        for row in found
    ]


def tax_id_rows(found: Sequence[TaxId]) -> list[dict[str, Any]]:
    """Numbers as a page lists them, with what is known of each."""
    tones = {"form": "info", "valid": "ok", "invalid": "bad"}
    return [
        {
            "id": str(row.pk),
            "value": row.value,
            "kind": tax_numbers.KINDS[row.kind].label if row.kind in tax_numbers.KINDS else row.kind,
            "tone": tones[row.checked],
            "checked": row.get_checked_display(),
            "checked_at": row.checked_at,
            "dialog": f"tax-id-{row.pk}",
            "hidden": [("do", "tax-id-remove"), ("tax_id", str(row.pk))],
        }
        for row in found
    ]


def sandbox_notice(customer: Customer) -> dict[str, Any] | None:
    """The banner of a sandbox's pages; None for real money."""
    if not customer.sandbox:
        return None
    stopped = customer.test_clock
    return {"at": stopped.at if stopped else None, "to": stopped.advancing_to if stopped else None}


def people_of(actor: Actor, customer: Customer) -> dict[str, Any] | None:
    """Its people: how many, the owners, who was here last; None for whom they are not open."""
    if not can(actor, "organisation:read"):
        return None
    rows = organisation_selectors.members(actor, customer.organisation_id)
    last = rows.exclude(user__last_seen_at=None).order_by("-user__last_seen_at", "id").first()
    owners = rbac.holders_of("owner", customer.organisation_id)
    shown: list[Membership] = list(rows.filter(user_id__in=owners).order_by("joined_at", "id")[:3])
    return {
        "number": rows.count(),
        "owners": [{"label": str(row.user), "email": row.user.email, "hue": row.user_id.int % HUES} for row in shown],
        "last_seen_at": last.user.last_seen_at if last else None,
        "last_seen": str(last.user) if last else "",
        "url": f"{reverse('accounts:organisation', args=[customer.organisation_id])}?tab=members",
    }


def details_parts(actor: Actor, customer: Customer) -> dict[str, Any]:
    """Contacts and numbers of a customer, for the tab and for its own page."""
    return {
        "contacts": contact_rows(list(selectors.contacts(actor, customer.pk))),
        "tax_ids": tax_id_rows(list(selectors.tax_ids(actor, customer.pk))),
    }
