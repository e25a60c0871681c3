"""What the demonstration tells of people: names, organisations, who comes and goes when, who signs in on which day. Data
and arithmetic only, the same at every load.

Days are counted from the beginning of the story; a month is one of its thirteen equal parts.
"""

from functools import cache
from hashlib import sha256
from typing import NamedTuple

DOMAIN = "demo.example.com"  # Reserved for examples; mail to it goes nowhere.
PEOPLE = 200  # Below the 416 different pairs of names.
LEFT_EVERY = 11  # Each eleventh person has left and is inactive.
DAYS, MONTHS = 395, 13  # As the story of money: one month in which everything begins, and twelve to look at.
HOUSE = range(40)  # Who works for the installation itself is looked for among them.
FOUNDERS = 18  # So many members has an organisation from its first day on; the others are invited over the year.

FIRST = (
    "Ada",
    "Bruno",
    "Chiara",
    "Dmitri",
    "Elif",
    "Farid",
    "Greta",
    "Hana",
    "Ivo",
    "Jun",
    "Kofi",
    "Lena",
    "Mateo",
    "Nadia",
    "Olu",
    "Petra",
    "Quinn",
    "Rosa",
    "Sven",
    "Tala",
    "Uma",
    "Viktor",
    "Wanda",
    "Xenia",
    "Yusuf",
    "Zora",
)
LAST = (
    "Lindqvist",
    "Novak",
    "Varga",
    "Silva",
    "Mensah",
    "Petrov",
    "Tanaka",
    "Rossi",
    "Dahl",
    "Moreau",
    "Berg",
    "Castillo",
    "Okafor",
    "Haas",
    "Ito",
    "Kaya",
)
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36",
)
# Who works for the installation itself, by place among the people.
STAFF = {
    "super_admin": (4, 9),
    "admin": (1, 30),
    "manager": (2, 13, 41, 56),
    "user": (3, 5, 7, 19, 23, 29, 31, 37, 43),
}


class Company(NamedTuple):
    """An organisation of the demonstration: its people are `places`, the first of them its owner; founded on `day`."""

    slug: str
    name: str
    places: range
    day: float
    invited: tuple[str, ...] = ()
    suspended_days_ago: int = 0


COMPANIES = (
    Company(
        "demo-lindenfeld", "Lindenfeld Research", range(60, 130), 0.2, ("jonas.weber", "mila.horvat", "sam.adeyemi")
    ),
    Company("demo-harbour-pine", "Harbour and Pine", range(120, 170), 0.3, ("ines.duarte",)),
    Company("demo-quarry-lane", "Quarry Lane Works", range(172, 190), 45.5, suspended_days_ago=9),
)
# Of the first company, by place: an owner who is there, and two viewers, of whom one asks and one has a role for a while.
GOVERNED = (0, 2, 5)
PICTURED = 5  # Each fifth person has a picture.


def chance(*what: object, below: int) -> int:
    """A number from 0 to below `below` that looks like chance and is the same at every load."""
    return int.from_bytes(sha256(" ".join(map(str, what)).encode()).digest()[:6]) % below


def row(number: int) -> tuple[str, str, str]:
    """Name, user name and address of one person; each pair of names comes once before any comes again."""
    first, last = FIRST[number % len(FIRST)], LAST[(number + number // len(FIRST)) % len(LAST)]
    handle = f"{first}.{last}".lower()
    return f"{first} {last}", handle, f"{handle}@{DOMAIN}"


def staff() -> set[int]:
    """Who works for the installation itself."""
    return {number for numbers in STAFF.values() for number in numbers}


def month_of(day: float) -> int:
    """The month of the story in which a day lies."""
    return min(int(day * MONTHS / DAYS), MONTHS - 1)


def days_of(month: int) -> range:
    """The days of a month of the story."""
    return range(-(-DAYS * month // MONTHS), -(-DAYS * (month + 1) // MONTHS))


def role_of(place: int) -> str:
    """The role of the so-manyth member of an organisation: one owner, a second one, a few administrators, many viewers."""
    if place in {0, 9}:
        return "owner"
    if place % 14 == 3:
        return "admin"
    return "editor" if place % 3 == 1 else "viewer"


def first_role_of(place: int) -> str:
    """As what a member comes: some of the editors begin as viewers, and are promoted two months later."""
    return "viewer" if place >= FOUNDERS and place % 6 == 1 and role_of(place) == "editor" else role_of(place)


@cache
def joins(company: Company, place: int) -> int:
    """The day on which a member of an organisation comes: at its foundation, or in one of the months after it."""
    first = int(company.day) + 1
    if place < FOUNDERS:
        return first
    begin, later = month_of(company.day) + 1, len(company.places) - FOUNDERS
    month = begin + (place - FOUNDERS) * (MONTHS - begin) // later
    return days_of(month)[0] + 3 + chance(company.slug, "joins", month, below=18)


@cache
def arrives(number: int) -> int:
    """The day on which a person gets an account: that of the first organisation it comes to; people of the house, and
    who belongs to nobody yet, over the year."""
    found = [joins(company, company.places.index(number)) for company in COMPANIES if number in company.places]
    if found:
        return min(found) - 1
    if number in HOUSE or number in staff():
        return 0
    return days_of(1 + chance(number, "arrives", below=MONTHS - 1))[0] + 2 + chance(number, "day", below=20)


@cache
def leaves(number: int) -> int | None:
    """The day on which a person is shut out because it left, two months after it came where there is time; mostly none."""
    if number % LEFT_EVERY:
        return None
    first = min(month_of(arrives(number)) + 2, MONTHS - 1)
    month = first + chance(number, "leaves", below=MONTHS - first)
    return min(days_of(month)[-1], DAYS - 6)


def gone(number: int, day: int) -> bool:
    """Whether a person has left by a day."""
    left = leaves(number)
    return left is not None and left <= day


def rests(place: int) -> bool:
    """Whether the so-manyth member of an organisation is suspended there at the end: on leave."""
    return place % 17 == 16


def signs_in(number: int, day: int, weekday: int) -> bool:
    """Whether a person signs in on a day: some on most working days, some weekly, some hardly ever; few at weekends."""
    share = (68, 24, 7, 2)[number % 4]  # Percent of the working days.
    if weekday >= 5:
        share //= 9
    return chance(number, "signs in", day, below=100) < share


class Machine(NamedTuple):
    """A service account and its key: whose, from which day on, what it may do, its calls on a day and how many fail."""

    company: int
    day: int
    handle: str
    name: str
    description: str
    role: str
    calls: int


MACHINES = (
    Machine(0, 24, "intake", "Intake of readings", "Writes what the gauge stations send", "editor", 2400),
    Machine(0, 118, "reports", "Report builder", "Reads figures for the board's report", "viewer", 180),
    Machine(1, 61, "pipeline", "Build pipeline", "Tells of each release", "editor", 640),
)
KEY_DAYS = 150  # A key is replaced after so many days.
OWN_KEYS = ((0, 3, 290, "Notebook at home"), (0, 13, 340, "Spreadsheet"), (1, 4, 330, "Command line"))
REMARKS = {
    "good": ("Does what it says.", "", "", "Saves us a day a month.", "", "The audit trail alone is worth it."),
    "fair": ("Good, could be quicker on the phone.", "", "I miss a calendar view.", ""),
    "poor": ("Too many mails at first.", "", "Took me a while to find the roles."),
}


class Told(NamedTuple):
    """An announcement of the past: how many days before the end it began and for how long it stood."""

    title: str
    text: str
    tone: str
    ago: int
    days: int


ANNOUNCEMENTS = (
    Told("Exports are quicker", "Large exports are written in the background now.", "ok", 131, 7),
    Told("Maintenance on Saturday, 06:00 to 06:30 UTC", "Pages stay readable; changes wait.", "warn", 65, 3),
    Told("Maintenance on Sunday, 05:00 to 06:00 UTC", "The database moves to a larger machine.", "warn", 24, 4),
)
NOTES = (
    (300, 24, "Asked for a longer trial of the tide gauges; granted until the end of the month."),
    (160, 61, "Prefers to be called in the afternoon."),
    (40, 33, "Moved to the second shift."),
    (5, 65, "Looks after the field team."),
)
