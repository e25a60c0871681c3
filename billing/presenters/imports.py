"""How an import of customers is shown."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from billing.customer_csv import Values, moment
from billing.models import CustomerImport
from portal.kit import clock

SHOWN = 200  # Rows of each kind on the page; the API has all of them.


def columns() -> list[dict[str, Any]]:
    """What a file may hold, in words."""
    return [
        {"name": name, "required": needed, "text": text, "example": example}
        for name, needed, text, example in (
            ("external_id", True, _("The number of the row where it comes from; it goes in once."), "old-1001"),
            ("organisation", True, _("Short name; one that is not there is made."), "meadow"),
            ("name, email, country, time_zone", False, _("What documents are made out to."), "Meadow Dairy"),
            ("line1, line2, postal_code, city, region", False, _("The address on them."), "Quay 1"),
            ("currency", False, _("What it pays in; it stays."), "EUR"),
            ("plan", False, _("Code of a plan; empty: a customer without one."), "pro-monthly"),
            ("quantity", False, _("Seats; empty: one."), "5"),
            ("started_at", False, _("When it began; periods are counted from here."), "2024-03-15"),
            ("billed_until", False, _("What lies before is never billed here."), "2026-12-15"),
        )
    ]


def ready_rows(found: CustomerImport) -> list[dict[str, Any]]:
    """The rows that would go in, the first of them."""
    return [_ready(line, values) for line, values in found.accepted[:SHOWN]]


def _ready(line: int, values: Values) -> dict[str, Any]:
    until: datetime | None = moment(values["billed_until"], values["time_zone"] or "UTC") if values["plan"] else None
    return {
        "line": line,
        "external_id": values["external_id"],
        "organisation": values["organisation"],
        "plan": values["plan"],
        "quantity": values["quantity"] or "1",
        "until": until,
        "at_once": until is not None and until < clock.now(),
    }


def refused_rows(found: CustomerImport) -> list[dict[str, Any]]:
    """What is wrong with the others, the first of them."""
    return [
        {"line": line, "field": field, "value": value, "reason": reason}
        for line, field, value, reason in found.refused[:SHOWN]
    ]


def failed_rows(found: CustomerImport) -> list[dict[str, Any]]:
    """What the run could not do, the first of it."""
    return [
        {"line": line, "field": "external_id", "value": value, "reason": reason}
        for line, value, reason in found.failed[:SHOWN]
    ]


def more_rows(found: CustomerImport) -> dict[str, int]:
    """How many of each kind the page does not show."""
    kinds = {"ready": found.accepted, "refused": found.refused, "failed": found.failed}
    return {f"{name}_more": max(0, len(rows) - SHOWN) for name, rows in kinds.items()}
