"""What the demonstration tells of money: who sells, who buys, and what each buyer does in its time. Data and arithmetic
only, the same at every load; `billing.services.demo_life` makes it happen.

Days are counted from the beginning of the story; amounts are minor units.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from billing.demo_buyers import BUYERS, DOMAIN, Buyer

__all__ = ["BUYERS", "DAYS", "DOMAIN", "Act", "Buyer", "Profile", "acts_of", "chance", "order", "profile_of"]

DAYS = 395  # Thirteen months: one in which the first customers come, and twelve to look at.
GOOD, NO_MORE = "4242424242424242", "4000000000000341"  # Test cards: one that works, one whose later charges fail.
SELLER: Mapping[str, Any] = {
    "code": "steward-cloud",
    "name": "Steward Cloud GmbH",
    "email": "billing@steward-cloud.example.com",
    "line1": "Speicherstrasse 12",
    "postal_code": "20457",
    "city": "Hamburg",
    "country": "DE",
    "registration": "HRB 000000, Hamburg",
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "regime": "eu_vat",
    "prefix": "SC",
    # A series for each customer: their years are told one after the other, and numbers follow their time all the same.
    "numbering": "customer",
    "iban": "DE89370400440532013000",
    "footer": "A company of the demonstration: these documents are owed by nobody.",
}
VAT = ("de-vat", "VAT", "19.0000")


@dataclass(frozen=True)
class Act:
    """Something that a buyer, or staff for it, does at a moment (days from the beginning)."""

    at: float
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)


class Profile(NamedTuple):
    """What comes of a buyer: its plan and seats, from when to when, how it pays, and what happens beside."""

    plan: str
    seats: int
    start: float
    end: float | None = None
    card: bool = True
    coupon: str = ""
    trial: bool = True
    addon: str = ""
    fails: tuple[int, ...] = ()  # Days before which its card is exchanged for one that fails.
    beside: str = ""


# Whose card fails days before the end of the story: it stands there unpaid.
LATE = {9: 20, 26: 32, 38: 16}
# Who leaves after so many days, and why.
LEAVES = {
    5: (270, "Our team is smaller now"),
    6: (176, "Too expensive for what we use"),
    11: (128, "We miss reports by department"),
    20: (232, "Too expensive for what we use"),
    29: (305, "We miss reports by department"),
    34: (335, "Moved to an own installation"),
    40: (385, "We miss reports by department"),
}
TRIALS_ONLY = {22, 31, 33}  # Left within their trial.
BACK = {11: 60, 20: 75}  # Who comes back, and after how many days.
BESIDE = {
    3: "refund",
    5: "won_dispute",
    8: "note",
    10: "pause",
    13: "courtesy",
    14: "refund",
    18: "dispute",
    21: "downgrade",
    25: "note",
    28: "enterprise",
    4: "enterprise",
}
YEARLY = {2, 12, 19, 27, 35, 42}
ENTERPRISE = {0, 16, 23, 30, 36, 39, 43}
COUPONS = {1: "FOUNDERS", 4: "FOUNDERS", 13: "WELCOME-20", 21: "WELCOME-20", 28: "WELCOME-20", 34: "EURO-10"}
UPGRADED, MORE_SEATS = (
    138,
    25,
)  # Who takes Enterprise in place of Pro does so after so many days, with so many seats more.
NEAR_LIMIT = len(BUYERS) - 2
FIRST = 14  # Buyers of the first month.
HOOKED, HOOKS_FOR = len(BUYERS) - 3, 26  # Who has events sent to servers of its own, and for how many days.


class Hook(NamedTuple):
    """An address that events are sent to: what listens there, of which types, and after how many days it is gone."""

    path: str
    description: str
    types: tuple[str, ...]
    gone_after: int = HOOKS_FOR


HOOKS = (
    Hook(
        "bookkeeping",
        "Our bookkeeping",
        ("credit_note.issued", "invoice.issued", "invoice.paid", "payment.failed", "payment.succeeded"),
    ),
    Hook("board", "The screen in the corridor", ("invoice.paid", "member.added"), 12),
)
# Where what time does is tried out: a sandbox with a clock of its own. It begins so many days before the end of the story,
# and is sent forward in these steps.
SANDBOX = Buyer("demo-lindenfeld-trial", "Lindenfeld trial runs", "Darmstadt")
SANDBOX_DAYS, SANDBOX_STEPS = 50, (16, 30)


def chance(*what: object, below: int) -> int:
    """A number from 0 to below `below` that looks like chance and is the same at every load."""
    return int.from_bytes(sha256(" ".join(map(str, what)).encode()).digest()[:6]) % below


def order() -> list[int]:
    """The places of all buyers as their years are told: first the organisations with many people, since who looks at the
    console meanwhile looks at those."""
    return [*range(len(BUYERS) - 3, len(BUYERS)), *range(len(BUYERS) - 3)]


def profile_of(place: int) -> Profile:
    """What comes of the buyer at a place of `BUYERS`; the last three are the organisations with many people."""
    standing = place - (len(BUYERS) - 3)
    if standing >= 0:
        return _STANDING[standing]
    code = BUYERS[place].slug
    start = 1.3 + place * 1.9 if place < FIRST else 20 + (place - FIRST + 1) * 11.6
    plan, seats = "pro-monthly", 14 + chance(code, "seats", below=29)
    if place in ENTERPRISE:
        plan, seats = "enterprise", 55 + chance(code, "seats", below=70)
    elif place in YEARLY:
        plan, seats = "pro-yearly", 18 + chance(code, "seats", below=30)
    end = float(LEAVES[place][0]) if place in LEAVES else None
    fails = (int(start) + 70 + chance(code, "fails", below=120),) if place % 4 == 1 and place not in LATE else ()
    return Profile(
        plan,
        seats,
        start,
        start + 9.4 if place in TRIALS_ONLY else end,
        card=plan != "enterprise",
        coupon=COUPONS.get(place, ""),
        trial=place >= FIRST and plan == "pro-monthly",
        # Add-ons are sold by the month, so a yearly plan has none.
        addon="" if plan == "pro-yearly" else ("storage-pack", "", "", "payments", "")[chance(code, "addon", below=5)],
        fails=(*fails, DAYS - LATE[place]) if place in LATE else fails,
        beside=BESIDE.get(place, ""),
    )


_STANDING = (
    Profile("enterprise", 70, 0.4, card=False, trial=False, addon="storage-pack"),
    Profile("pro-monthly", 34, 0.6, trial=False, addon="payments", fails=(131,)),
    Profile("pro-monthly", 9, 46.3, coupon="WELCOME-20", beside="paused"),
)


def acts_of(place: int, days: float = DAYS) -> list[Act]:
    """All that the buyer at a place does of its own will until day `days`, in the order of time."""
    profile = profile_of(place)
    found = [act for act in _acts(place, BUYERS[place], profile) if act.at < days]
    if place == HOOKED:  # Deliveries are kept for 30 days, so it is the last ones that count.
        found += [Act(days - HOOKS_FOR, "hooks")]
        found += [Act(days - HOOKS_FOR + after, "hooks_test") for after in (0.01, 5, 17)]
        found += [Act(days - 0.05, "hooks_end")]
    return sorted(found, key=lambda act: (act.at, act.kind))


def _acts(place: int, buyer: Buyer, profile: Profile) -> Iterator[Act]:
    start, end = profile.start, profile.end or DAYS
    yield Act(start, "begin", {"plan": profile.plan, "seats": profile.seats, "trial": profile.trial})
    if profile.coupon:
        yield Act(start + 0.05, "coupon", {"code": profile.coupon})
    if profile.card:
        yield Act(start - 0.01, "card", {"number": GOOD})
    if profile.addon:
        yield Act(start + 40, "addon", {"plan": profile.addon})
    yield from _growth(buyer, profile, end)
    yield from _use(place, buyer, profile, end)
    for day in profile.fails:
        yield Act(day, "card", {"number": NO_MORE})
        if place not in LATE or day < DAYS - 40:
            yield Act(day + 30 + chance(buyer.slug, day, below=6), "card", {"number": GOOD})
    if profile.end is not None:
        note = LEAVES[place][1] if place in LEAVES else "Not what we looked for"
        yield Act(profile.end, "cancel", {"note": note})
    if place in BACK:
        yield Act(end + BACK[place], "reactivate")
    yield from _beside(profile)


def _growth(buyer: Buyer, profile: Profile, end: float) -> Iterator[Act]:
    """More seats every few months; Enterprise customers grow faster. At times fewer."""
    day, seats, turn = profile.start + 52, profile.seats, 0
    most = 50 if profile.plan.startswith("pro") else 400
    while day < (end - 20 if profile.end else end - 2):
        turn += 1
        step = chance(buyer.slug, "grows", turn, below=5 if profile.plan.startswith("pro") else 15)
        seats += -3 if step == 0 and turn > 1 else step + 1
        if profile.trial or turn > 1 or profile.plan != "pro-yearly":
            upgraded = profile.beside == "enterprise" and day > profile.start + UPGRADED
            yield Act(day, "seats", {"seats": max(2, min(seats, most)) + (MORE_SEATS if upgraded else 0)})
        day += 41 + chance(buyer.slug, "waits", turn, below=38)


def _use(place: int, buyer: Buyer, profile: Profile, end: float) -> Iterator[Act]:
    """What the host product reports: every fortnight; of the three with many people more often, and at the end daily, so
    that their pages of use have something to draw."""
    often = place >= len(BUYERS) - 3
    step = 3.0 if often else 14.0
    day = profile.start + step
    while day < end:
        weight = 1 + (day - profile.start) / DAYS
        few = chance(buyer.slug, "few", int(day), below=20)
        calls = int((40 + chance(buyer.slug, "calls", int(day), below=60)) * profile.seats * step * weight)
        storage = 8 + int(weight * profile.seats / 4)
        if place == NEAR_LIMIT and day > DAYS - 31:
            calls *= 6  # A campaign: most of what its plan includes.
        taken = chance(buyer.slug, "payments", int(day), below=6) if profile.addon == "payments" else 0
        users = min(profile.seats, 40) - few // 2 if often else 6
        yield Act(day, "use", {"calls": calls, "users": users, "storage": storage, "payments": taken})
        step = 1.0 if often and day > DAYS - 35 else step
        day += step


def _beside(profile: Profile) -> Iterator[Act]:
    """The one thing that makes a buyer's year different from the others'."""
    middle = profile.start + 158
    match profile.beside:
        case "refund":
            yield Act(middle, "refund", {"percent": 40, "reason": "Two days without service"})
        case "won_dispute":
            yield Act(middle, "dispute", {"state": "open"})
            yield Act(middle + 17, "dispute", {"state": "won"})
        case "dispute":
            yield Act(DAYS - 8, "dispute", {"state": "open"})
        case "note":
            yield Act(middle, "note", {"percent": 15, "reason": "Charged for seats that were given up"})
        case "courtesy":
            yield Act(middle, "courtesy", {"amount": 5000, "reason": "Sorry for the outage"})
        case "pause":
            yield Act(middle, "pause")
            yield Act(middle + 33, "resume")
        case "paused":
            yield Act(DAYS - 9, "pause")
        case "downgrade":
            yield Act(middle, "seats", {"seats": max(5, profile.seats // 2)})
        case "enterprise":
            yield Act(profile.start + UPGRADED, "plan", {"plan": "enterprise", "seats": profile.seats + MORE_SEATS})
