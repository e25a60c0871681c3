"""What a simulation begins with: sellers, plans of every kind, coupons, and customers in several currencies and zones."""

import random
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing.models import Coupon, Customer, LegalEntity, Meter, PlanVersion, ProviderAccount
from billing.plan_drafts import PriceDraft
from billing.pricing import Tier
from billing.services.clocks import clock_start
from portal.kit import clock, context
from tests.accounts.organisation_world import organisation
from tests.billing import catalogue_world, payment_world
from tests.billing.document_world import rate
from tests.billing.money_world import customer_of, seller

START = datetime(2024, 1, 29, 9, 30, tzinfo=UTC)
# Each with a zone whose midnight is on another hour: whole hours, half hours, and changes to summer time.
MONEY = (
    ("EUR", "Europe/Berlin"),
    ("USD", "America/New_York"),
    ("JPY", "Asia/Tokyo"),
    ("INR", "Asia/Kolkata"),
    ("EUR", "UTC"),
)
RETRIES = {
    "retries": [1, 3, 7],
    "stages": [{"day": 2, "do": "warn"}, {"day": 5, "do": "restrict"}, {"day": 9, "do": "suspend"}],
}


@dataclass
class Sim:
    """One simulation: its chance, what is sold, who buys, the present, and what was done."""

    seed: int
    chance: random.Random
    now: datetime = START
    customers: list[Customer] = field(default_factory=list)
    plans: list[PlanVersion] = field(default_factory=list)
    addons: list[PlanVersion] = field(default_factory=list)
    coupons: list[Coupon] = field(default_factory=list)
    meter: Meter | None = None
    account: ProviderAccount | None = None
    bank: ProviderAccount | None = None
    # What staff gave to customers, which no document says.
    granted: dict[Any, int] = field(default_factory=dict)
    done: deque[str] = field(default_factory=lambda: deque(maxlen=60))
    counts: dict[str, int] = field(default_factory=dict)
    number: int = 0
    # For so many days no worker comes; and the latest moment that a wrong clock said.
    away: int = 0
    stepped: datetime = START
    killed: set[Any] = field(default_factory=set)

    def next(self) -> int:
        """A number that was not used before, for keys."""
        self.number += 1
        return self.number

    def note(self, text: str) -> None:
        """Keep what was done, for who looks at a failure."""
        self.done.append(f"{self.now:%Y-%m-%d %H:%M} {text}")


def world(seed: int, customers: int) -> Sim:
    """Everything that a simulation of that seed begins with; committed."""
    sim = Sim(seed, random.Random(seed))  # noqa: S311 - chances, not secrets
    with clock.at(START):
        sim.account = payment_world.provider()
        sim.bank = payment_world.provider("manual", code="bank")
        _catalogue(sim)
        entities = [
            seller(code="north", regime="flat", numbering="entity", prefix="NO"),
            seller(code="south", regime="none", numbering="customer", prefix="SO"),
        ]
        rate(entities[0], "19.0000")
        rate(entities[0], "2.3300", code="levy", name="Levy")
        for place in range(customers):
            sim.customers.append(_customer(sim, place, entities[place % 2]))
    return sim


def _customer(sim: Sim, place: int, entity: LegalEntity) -> Customer:
    currency, zone = MONEY[place % len(MONEY)]
    # Every fifth lives in a sandbox, by a clock of its own.
    sandbox = place % 5 == 4
    made = customer_of(
        organisation(f"House{place}"),
        entity=entity,
        currency=currency,
        time_zone=zone,
        sandbox=sandbox,
        email=f"house{place}@example.org",
    )
    if sandbox:
        with context.system("a test") as current:
            clock_start(actor=current.actor, customer=made, at=sim.now)
    return Customer.objects.select_related("test_clock", "entity", "organisation").get(pk=made.pk)


def _prices(amount: int, **values: Any) -> list[PriceDraft]:
    """One price in every currency."""
    scale = {"EUR": 1, "USD": 1, "JPY": 1, "INR": 90}
    values.setdefault("code", "base")
    return [
        PriceDraft(name="Base fee", currency=currency, unit_amount=Decimal(amount * number), **values)
        for currency, number in scale.items()
    ]


def _use(sim: Sim, **values: Any) -> list[PriceDraft]:
    assert sim.meter is not None
    return [
        PriceDraft(code="calls", name="Calls", currency=currency, meter=sim.meter.code, **values)
        for currency in ("EUR", "USD", "JPY", "INR")
    ]


def _catalogue(sim: Sim) -> None:
    product = catalogue_world.product(code="desk")
    sim.meter = catalogue_world.meter("calls")
    terms: list[tuple[int, dict[str, Any], list[PriceDraft]]] = [
        (2900, {}, []),
        (990, {"model": "per_seat"}, []),
        (4999, {"proration": "day_counts", "trial_days": 14}, []),
        (7313, {"proration": "seconds", "on_upgrade": "now", "on_downgrade": "now"}, []),
        (59900, {"interval_unit": "year"}, []),
        (1900, {"interval_unit": "week", "anchor": "calendar"}, []),
        (3500, {"anchor": "calendar", "proration": "day_counts"}, []),
        (2500, {"billing": "arrears"}, []),
        (4100, {"fixed_days": 30, "on_downgrade": "now"}, []),
        (1500, {}, _use(sim, model="per_seat", unit_amount=Decimal("2.5"))),
        (900, {"billing": "arrears"}, _use(sim, model="graduated", tiers=_tiers())),
        (0, {}, _use(sim, model="percentage", percent=Decimal("2.9"), unit_amount=Decimal(30))),
        (
            1200,
            {"minimums": {"EUR": 1700, "USD": 1700}},
            _use(sim, model="package", unit_amount=Decimal(90), package_size=Decimal(25)),
        ),
        (8900, {"interval_count": 3, "on_upgrade": "period_end"}, []),
    ]
    for place, (amount, says, more) in enumerate(terms):
        sim.plans.append(_sold(product, f"plan-{place}", amount, says, *more))
    sim.addons = [
        _sold(product, "support", 700, {}, kind="addon"),
        _sold(product, "seats", 150, {"model": "per_seat", "on_downgrade": "now"}, kind="addon"),
        _sold(product, "backup", 90, {"interval_unit": "week", "billing": "arrears"}, kind="addon"),
    ]
    sim.coupons = [
        catalogue_world.coupon("ONCE-30", percent_off=Decimal(30)),
        catalogue_world.coupon("THRICE-10", percent_off=Decimal("12.5"), duration="repeating", repeats=3),
        catalogue_world.coupon("ALWAYS-5", percent_off=Decimal(5), duration="forever"),
        catalogue_world.coupon("TEN-OFF", amount_off=1000, currency="EUR", duration="repeating", repeats=2),
    ]


def _tiers() -> tuple[Tier, ...]:
    return (Tier(Decimal(10), Decimal(3), Decimal(100)), Tier(None, Decimal(1), Decimal(50)))


def _sold(
    product: Any, code: str, amount: int, says: dict[str, Any], *more: PriceDraft, kind: str = "base"
) -> PlanVersion:
    terms = {"dunning": RETRIES, **says}
    prices = _prices(amount, model=terms.pop("model", "flat"))
    made = catalogue_world.sold(
        *prices,
        *more,
        code=code,
        plan_values={"product": product, "kind": kind, "name": code.title()},
        **terms,
    )
    return PlanVersion.objects.select_related("plan").get(pk=made.pk)
