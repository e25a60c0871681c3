"""What the demonstration sells: Free, Pro and Enterprise, two add-ons, in three currencies. Data only; amounts in minor
units.
"""

from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from billing.plan_drafts import EntitlementDraft, PriceDraft
from billing.pricing import Tier

D = Decimal
PRODUCT = ("steward-cloud", "Steward Cloud", "The console beside your product, run by us")
# Code, name, unit, how it counts, of which property.
METERS = (
    ("api-calls", "API calls", "call", "sum", ""),
    ("storage", "Storage", "GB", "max", ""),
    ("active-users", "Active users", "user", "unique", "user_id"),
    ("payments", "Payments", "payment", "sum", ""),
)
# Code, name, what it is, kind, unit, meter.
FEATURES = (
    ("seats", "Seats", "People who can sign in", "limit", "", ""),
    ("projects", "Projects", "Projects of the product", "limit", "", ""),
    ("api-calls", "API calls", "Calls in a period", "limit", "calls", "api-calls"),
    ("audit-export", "Audit export", "The trail as a file", "switch", "", ""),
    ("single-sign-on", "Single sign-on", "By your own directory", "switch", "", ""),
    ("priority-support", "Priority support", "An answer within four hours", "switch", "", ""),
)
# What one euro is in the other currencies' lists of prices: rounded by hand, as people price.
RATES = {"EUR": D(1), "USD": D("1.1"), "INR": D(90)}


class Offered(NamedTuple):
    """A plan: how it is sold and what it gives."""

    code: str
    family: str
    name: str
    description: str
    prices: tuple[PriceDraft, ...]
    gives: tuple[EntitlementDraft, ...]
    kind: str = "base"
    visibility: str = "public"
    unit: str = "month"
    trial_days: int = 0
    minimums: dict[str, int] = {}


def everywhere(*lines: PriceDraft) -> tuple[PriceDraft, ...]:
    """Lines in euros, and the same in each other currency."""
    found: list[PriceDraft] = []
    for currency, rate in RATES.items():
        for line in lines:
            tiers = tuple(
                Tier(one.up_to, D(str(one.unit_amount)) * rate, D(str(one.flat_amount)) * rate) for one in line.tiers
            )
            amount, free = line.unit_amount * rate, line.free_amount * rate
            found.append(replace(line, currency=currency, unit_amount=amount, free_amount=free, tiers=tiers))
    return tuple(found)


CALLS = PriceDraft(
    "calls",
    "API calls",
    "EUR",
    "graduated",
    "api-calls",
    tiers=(Tier(D(100_000), D(0)), Tier(D(1_000_000), D("0.02")), Tier(None, D("0.01"))),
    charge_zero=False,
)
SEAT = PriceDraft("seats", "Seats", "EUR", "per_seat", unit_amount=D(900))
PRO_GIVES = (
    EntitlementDraft("seats", None, 50),
    EntitlementDraft("projects"),
    EntitlementDraft("api-calls", 1_000_000, None),
    EntitlementDraft("audit-export"),
)
PLANS = (
    Offered(
        "free",
        "free",
        "Free",
        "To look around, and for small teams",
        everywhere(PriceDraft("base", "Base fee", "EUR")),
        (
            EntitlementDraft("seats", None, 3),
            EntitlementDraft("projects", 2, 3),
            EntitlementDraft("api-calls", 8_000, 10_000),
        ),
    ),
    Offered(
        "pro-monthly",
        "pro",
        "Pro",
        "For teams that run their product on it",
        everywhere(PriceDraft("base", "Base fee", "EUR", unit_amount=D(2900)), SEAT, CALLS),
        PRO_GIVES,
        trial_days=14,
    ),
    Offered(
        "pro-yearly",
        "pro",
        "Pro",
        "For teams that run their product on it",
        everywhere(
            PriceDraft("base", "Base fee", "EUR", unit_amount=D(29000)),
            replace(SEAT, unit_amount=D(9000)),
            CALLS,
        ),
        PRO_GIVES,
        unit="year",
        trial_days=14,
    ),
    Offered(
        "enterprise",
        "enterprise",
        "Enterprise",
        "With your directory, our support and a contract",
        everywhere(
            PriceDraft("base", "Base fee", "EUR", unit_amount=D(49900)),
            replace(SEAT, unit_amount=D(1500)),
            PriceDraft(
                "users",
                "Active users",
                "EUR",
                "volume",
                "active-users",
                tiers=(Tier(D(1_000), D(50)), Tier(D(10_000), D(40)), Tier(None, D(30))),
                charge_zero=False,
            ),
            CALLS,
        ),
        (
            EntitlementDraft("seats"),
            EntitlementDraft("projects"),
            EntitlementDraft("api-calls"),
            EntitlementDraft("audit-export"),
            EntitlementDraft("single-sign-on"),
            EntitlementDraft("priority-support"),
        ),
        minimums={"EUR": 99900, "USD": 109900, "INR": 8991000},
    ),
    Offered(
        "storage-pack",
        "storage-pack",
        "More storage",
        "Storage above the first 10 GB",
        everywhere(PriceDraft("storage", "Storage", "EUR", "package", "storage", D(500), (), D(50), D(10))),
        (),
        kind="addon",
    ),
    Offered(
        "payments",
        "payments",
        "Payments",
        "Take payments of your own customers",
        everywhere(
            PriceDraft(
                "fee",
                "Payment fee",
                "EUR",
                "percentage",
                "payments",
                D(25),
                percent=D("1.4"),
                free_amount=D(100_000),
            )
        ),
        (EntitlementDraft("priority-support"),),
        kind="addon",
    ),
)
# Code, name, percent, amount in euros, duration, periods, how often at most.
COUPONS = (
    ("WELCOME-20", "Welcome", D(20), None, "repeating", 3, None),
    ("FOUNDERS", "Founders", D(50), None, "forever", None, 25),
    ("EURO-10", "Ten off", None, 1000, "once", None, 500),
)
