"""What the demonstration tells: names, organisations, who does what. Data only, the same at every load."""

from typing import NamedTuple

DOMAIN = "demo.example.com"  # Reserved for examples; mail to it goes nowhere.
PEOPLE = 200  # Below the 416 different pairs of names.
LEFT_EVERY = 11  # Each eleventh person has left and is inactive.
DAYS = 28  # How far back it begins.

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
STAFF = {"admin": (1, 30), "manager": (2, 13, 41, 56), "user": (3, 5, 7, 19, 23, 29, 31, 37, 43)}


class Company(NamedTuple):
    """An organisation of the demonstration: its people are `places`, the first of them its owner."""

    slug: str
    name: str
    places: range
    invited: tuple[str, ...] = ()
    suspended_days_ago: int = 0


COMPANIES = (
    Company("demo-lindenfeld", "Lindenfeld Research", range(60, 130), ("jonas.weber", "mila.horvat", "sam.adeyemi")),
    Company("demo-harbour-pine", "Harbour and Pine", range(120, 170), ("ines.duarte",)),
    Company("demo-quarry-lane", "Quarry Lane Works", range(172, 190), suspended_days_ago=9),
)
# Of the first company, by place: an owner who is there, and two viewers, of whom one asks and one has a role for a while.
GOVERNED = (0, 2, 5)


def row(number: int) -> tuple[str, str, str]:
    """Name, user name and address of one person; each pair of names comes once before any comes again."""
    first, last = FIRST[number % len(FIRST)], LAST[(number + number // len(FIRST)) % len(LAST)]
    handle = f"{first}.{last}".lower()
    return f"{first} {last}", handle, f"{handle}@{DOMAIN}"


def role_of(place: int) -> str:
    """The role of the so-manyth member of an organisation: one owner, a second one, a few administrators, many viewers."""
    if place in {0, 9}:
        return "owner"
    if place % 14 == 3:
        return "admin"
    return "editor" if place % 3 == 1 else "viewer"


def signs_in(number: int, day: int) -> bool:
    """Whether a person signs in on a day: some daily, some weekly, some hardly ever; a third never has."""
    if number % 3 == 2:
        return False
    return (number * 7 + day * 5) % (2, 9, 23, 40)[number % 4] == 0
