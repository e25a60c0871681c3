"""Collections of what people hold: sessions, keys, passkeys, recoveries; each by the same case."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import Key, Passkey, Recovery, ServiceAccount, Session, User
from accounts.services.memberships import roles_by_code
from accounts.services.service_accounts import service_account_create
from portal.kit import clock, context
from portal.kit.services import writing
from tests.accounts.key_world import call, make_key
from tests.accounts.recovery_world import carrier, key_of, waiting
from tests.cases.api import NOWHERE, ApiCase
from tests.cases.inside import Inside, new
from tests.factories import World, signed_in


class TestSessions(ApiCase):
    collection = f"/api/v1/users/{NOWHERE}/sessions"
    reader = "manager"
    models = (Session,)
    # Who may not see the sessions of people is stopped at the gate, whomever it asks about.
    test_a_reader_reads_and_changes_nothing = None  # type: ignore[assignment]

    @pytest.fixture(autouse=True)
    def _person(self, world: World) -> None:
        self.collection = f"/api/v1/users/{world.clerk.pk}/sessions"
        self.clerk = world.clerk

    def kept(self) -> object:
        """The sessions of the person; those that look come and go."""
        return list(self.clerk.sessions.order_by("pk").values_list("pk", "digest", "expires_at"))

    def existing(self, world: World) -> str:
        signed_in(world.clerk)
        return f"{self.collection}/{world.clerk.sessions.latest('pk').pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            signed_in(self.clerk)


def _next_month() -> str:
    return (clock.now() + timedelta(days=30)).isoformat()


class TestKeys(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/keys"
    below = "keys"
    reader = "editor"
    reader_may = frozenset({"post"})  # Keys of one's own; those of others only administrators end.
    holder = "owner"
    valid = {
        "name": "Deployment",
        "scopes": ["organisation:read"],
        "expires_at": _next_month,
    }
    models = (Key,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{make_key(self.house.admin, self.house)[0].pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            make_key(self.house.admin, self.house)

    def test_a_call_sent_twice_with_its_key_happens_once(
        self, world: World, browser_of: Callable[[User], Client]
    ) -> None:
        client, body = self.browser(world, browser_of, self.holder), self.body()
        first, again = (
            self.send(client, "post", self.collection, body, **{"Idempotency-Key": "just-this-one"}) for _ in range(2)
        )
        assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (201, 201, "true")
        assert Key.objects.count() == 1
        assert call(first.json()["secret"]).status_code == 200
        assert again.json() == {"key": first.json()["key"], "secret": None}, "the secret is kept nowhere"


class TestServiceAccounts(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/service-accounts"
    below = "service-accounts"
    reader = "editor"
    holder = "owner"
    valid = {"name": "Deployment robot", "handle": new("handle"), "role": "viewer"}
    changed = {"description": "Rolls out new versions."}
    models = (ServiceAccount, User)

    def _make(self) -> UUID:
        actor = self.house.inside(self.house.owner)
        with context.acting(actor):
            return service_account_create(
                actor=actor,
                organisation=self.house.organisation,
                name="Robot",
                handle=new("handle")(),
                role=roles_by_code()["viewer"],
            ).pk

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._make()}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self._make()


class TestPasskeys(ApiCase):
    collection = "/api/v1/users/me/passkeys"
    paged = False
    holder = "stranger"  # Whose roles need no second factor, so that the only one can go.
    changed = {"name": "Key on the desk"}
    models = (Passkey,)
    # One's own: everybody has this collection, and nobody sees another's; tests/accounts/test_passkeys_api.py.
    test_a_stranger_is_refused_everywhere_and_it_is_recorded = None  # type: ignore[assignment]
    test_a_reader_reads_and_changes_nothing = None  # type: ignore[assignment]

    def existing(self, world: World) -> str:
        return f"{self.collection}/{key_of(world.stranger).pk}"


class TestRecoveries(ApiCase):
    collection = f"/api/v1/users/{NOWHERE}/recovery"
    reader = "admin"  # One right for looking and asking.
    reader_may = frozenset({"post"})
    valid = {"reason": "Phone in the sea"}
    models = (Recovery,)

    @pytest.fixture(autouse=True)
    def _loser(self, world: World) -> None:
        self.loser, self.asker = carrier(), world.root
        self.collection = f"/api/v1/users/{self.loser.pk}/recovery"

    def _over(self) -> UUID:
        """One that was refused, so that another can be asked for."""
        made = waiting(self.asker, self.loser)
        with context.system("a test"), writing():
            Recovery.objects.filter(pk=made.pk).update(state="refused", ended_at=clock.now())
        return made.pk

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._over()}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self._over()
