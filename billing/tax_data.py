"""Ready-made rates: what an entity begins with. Data to look over, not advice; each is changed on the entity's page.

Standard rates of VAT: Your Europe, "VAT rules and rates" (europa.eu), and the Commission's table "VAT rates applied in the
Member States", as of 2025-08-01. GST of India: notification 11/2017-Central Tax (Rate) and, from 2025-09-22 on, the 56th
meeting of the GST Council, which ended the rate of 12 %.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

VAT_SOURCE = "Your Europe, VAT rules and rates, as of 2025-08-01"
GST_SOURCE = "Notification 11/2017-Central Tax (Rate), as of 2025-09-22"
BEGIN = date(2020, 1, 1)


@dataclass(frozen=True)
class Ready:
    """A rate to begin with."""

    code: str
    name: str
    country: str
    percent: Decimal
    source: str
    valid_from: date = BEGIN
    valid_until: date | None = None
    category: str = "standard"


# Country: rate now, or the one before, the day of the change, and the one after.
_VAT: dict[str, tuple[str, ...]] = {
    "AT": ("20",),
    "BE": ("21",),
    "BG": ("20",),
    "CY": ("19",),
    "CZ": ("21",),
    "DE": ("19",),
    "DK": ("25",),
    "EE": ("22", "2025-07-01", "24"),
    "ES": ("21",),
    "FI": ("24", "2024-09-01", "25.5"),
    "FR": ("20",),
    "GR": ("24",),
    "HR": ("25",),
    "HU": ("27",),
    "IE": ("23",),
    "IT": ("22",),
    "LT": ("21",),
    "LU": ("17",),
    "LV": ("21",),
    "MT": ("18",),
    "NL": ("21",),
    "PL": ("23",),
    "PT": ("23",),
    "RO": ("19", "2025-08-01", "21"),
    "SE": ("25",),
    "SI": ("22",),
    "SK": ("20", "2025-01-01", "23"),
}


def _vat() -> list[Ready]:
    made = []
    for country, parts in _VAT.items():
        code = f"vat-{country.lower()}"
        change = date.fromisoformat(parts[1]) if len(parts) > 1 else None
        made.append(Ready(code, "VAT", country, Decimal(parts[0]), VAT_SOURCE, valid_until=change))
        if change is not None:
            made.append(Ready(code, "VAT", country, Decimal(parts[2]), VAT_SOURCE, change))
    return made


def _gst() -> list[Ready]:
    ended = date(2025, 9, 22)
    return [
        Ready("gst18", "GST", "IN", Decimal(18), GST_SOURCE),
        Ready("gst12", "GST", "IN", Decimal(12), GST_SOURCE, valid_until=ended, category="reduced"),
        Ready("gst5", "GST", "IN", Decimal(5), GST_SOURCE, category="reduced"),
    ]


def ready_for(regime: str) -> list[Ready]:
    """The rates to begin with under a regime; none where there are none that hold for all."""
    return {"eu_vat": _vat, "gst": _gst}.get(regime, list)()
