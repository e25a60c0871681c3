"""The pages of the things that stand, each by the same case."""

from itertools import count

import pytest
from django.test import Client

from accounts.models import Organisation, Recovery, User
from maintenance import publisher
from tests.accounts.helpers import sign_in
from tests.accounts.organisation_world import organisation
from tests.accounts.recovery_world import waiting
from tests.cases.crud import CrudCase
from tests.factories import World, person

_numbers = count(1)


def _handle() -> str:
    return f"page{next(_numbers)}"


class TestPeople(CrudCase):
    model = User
    list_url = "/platform/people"
    new_url = "/platform/people/new"
    edit_path = "edit"
    valid = {"name": "Ada Lindqvist", "username": _handle, "email": lambda: f"{_handle()}@example.com"}
    changed = {"name": "Ada Novak", "username": _handle, "email": lambda: f"{_handle()}@example.com"}
    invalid = {"name": "\u202enamreG", "username": "Not a handle!", "email": "nowhere"}
    actions = {
        "deactivate": {"reason": "On leave"},
        "activate": {},
        "link": {},
        "unlock": {},
        "password": {},
    }

    def existing(self, world: World) -> str:
        # Another address is not verified: the one field that follows from one in the form.
        return f"{self.list_url}/{person('Berta Silva', email_verified_at=None).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            person()

    def reader_may(self, page: str) -> bool:
        return page.endswith("/edit")

    def before_act(self, page: str) -> None:
        if page.endswith("/unlock"):
            who = User.objects.get(pk=page.split("/")[3])
            for _ in range(5):
                sign_in(Client(REMOTE_ADDR="203.0.113.9"), who.username, "wrong")


class TestOrganisations(CrudCase):
    model = Organisation
    list_url = "/platform/organisations"
    new_url = "/platform/organisations/new"
    edit_path = "edit"
    valid = {"name": "Harbour Works", "slug": _handle}
    changed = {"name": "Meadow Works", "slug": "meadow-works"}
    invalid = {"name": "", "slug": "Not a slug!"}
    actions = {
        "suspend": {"reason": "Unpaid"},
        "resume": {},
        "close": {"reason": "Wished", "confirm_word": "meadow-works"},
    }

    @pytest.fixture(autouse=True)
    def _quiet_broker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(publisher, "announce", lambda run_id: None)

    def existing(self, world: World) -> str:
        return f"{self.list_url}/{organisation('Meadow').pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            organisation()


class TestRecoveries(CrudCase):
    model = Recovery
    list_url = "/platform/recoveries"
    reader = "root"  # Who asked sees it, and has to leave it to another.
    actions = {"approve": {}}
    # It is asked for on the page of its person, and has no form of its own.
    test_the_forms_save_what_they_are_sent = None  # type: ignore[assignment]

    def existing(self, world: World) -> str:
        return f"{self.list_url}/{waiting(world.root).pk}"

    def make(self, number: int) -> None:
        root = User.objects.get(is_root=True)
        for _ in range(number):
            waiting(root)
