"""People of the demonstration: made and removed in one step each, told apart by their mail domain."""

from accounts.models import User
from accounts.services.users import users_create_bulk
from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.record import record
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import Role

DOMAIN = "demo.example.com"  # Reserved for examples; mail to it goes nowhere.
_FIRST = (
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
_LAST = (
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
_COUNT = 120  # Below the 416 different pairs of names.
_EVERY = 9  # Each ninth of them is inactive.
_ROLES = {"admin": (1, 30), "manager": (2, 13, 41, 56), "user": (3, 5, 7, 11, 19, 23, 29, 31, 37, 43)}


def demo_people_load(*, actor: Actor) -> int:
    """Create the people of the demonstration, some with roles; `Conflict` when they are there already. Returns how many.

    Events as for an import; every ninth person is inactive.
    """
    _only_system(actor)
    if User.objects.filter(email__endswith=f"@{DOMAIN}").exists():
        raise errors.Conflict("The demonstration is loaded already; `manage.py demo remove` takes it away.")
    rows = []
    for number in range(_COUNT):
        # Each pair of names comes once before any comes again.
        first, last = _FIRST[number % len(_FIRST)], _LAST[(number + number // len(_FIRST)) % len(_LAST)]
        handle = f"{first}.{last}".lower()
        rows.append((f"{first} {last}", handle, f"{handle}@{DOMAIN}"))
    with writing():
        people = users_create_bulk(actor=actor, rows=rows)
        idle = [user.pk for user in people[::_EVERY]]
        User.objects.filter(pk__in=idle).update(is_active=False)
        for code, holders in _ROLES.items():
            role = Role.objects.get(catalogue="platform", code=code)
            for number in holders:
                rbac.binding_grant(actor=actor, person_id=people[number].pk, role=role, reason="demonstration")
        record("accounts.demo.loaded", data={"people": len(people), "inactive": len(idle)})
    return len(people)


def demo_people_remove(*, actor: Actor) -> int:
    """Take every person of the demonstration away again; their events stay. Event `accounts.demo.removed`; returns how many."""
    _only_system(actor)
    with writing():
        people = User.objects.filter(email__endswith=f"@{DOMAIN}", is_root=False)
        ids = list(people.values_list("pk", flat=True))
        rbac.bindings_purge(people=ids)
        people.delete()
        record("accounts.demo.removed", data={"people": len(ids)})
    return len(ids)


def _only_system(actor: Actor) -> None:
    if actor.kind != "system":
        raise errors.Forbidden
