"""Access reviews: the inherited cases of lists and of the API."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from portal.kit import clock, context
from rbac.models import Binding, Review, ReviewItem
from rbac.services.reviews import review_start
from tests.accounts.organisation_world import House, join, make_house
from tests.cases.api import NOWHERE, ApiCase
from tests.cases.inside import Inside
from tests.cases.listing import ListCase
from tests.factories import World, actor_of, person
from tests.rbac.review_world import draft, membership_item, start
from tests.rbac.roles_world import bind, make_role


def _due() -> str:
    return (clock.now() + timedelta(days=9)).isoformat()


class TestReviewList(ListCase):
    name = "rbac.reviews"
    stranger_status = 404
    house: House

    @pytest.fixture(autouse=True)
    def _house(self, world: World) -> None:
        start(make_house("Elsewhere"))
        self.house = make_house("Harbour")

    def address(self, world: World) -> str:
        return self.house.url("reviews")

    def who(self, world: World) -> User:
        return self.house.admin

    def make(self, number: int) -> None:
        for _ in range(number):
            start(self.house)


class TestPlatformReviewList(ListCase):
    name = "rbac.platform_reviews"
    holder = "root"

    @pytest.fixture(autouse=True)
    def _starter(self, world: World) -> None:
        start(make_house("Elsewhere"))
        self.starter = actor_of(world.root)

    def make(self, number: int) -> None:
        for _ in range(number):
            with context.acting(self.starter) as current:
                current.platform = True
                review_start(actor=self.starter, organisation_id=None, draft=draft())


class TestReviews(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/reviews"
    below = "reviews"
    reader = "admin"
    reader_may = frozenset({"post"})
    holder = "owner"
    valid = {"name": "Autumn", "due_at": _due}
    models = (Review, ReviewItem)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{start(self.house).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            start(self.house)


class TestReviewItems(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/reviews/{NOWHERE}/items"
    reader = "admin"
    holder = "owner"
    changed = {"decision": "keep", "words": "Still needed"}
    models = (Review, ReviewItem)

    @pytest.fixture(autouse=True)
    def _review(self, _house: None) -> None:
        self.review = start(self.house)
        self.collection = f"/api/v1/organisations/{self.house.id}/reviews/{self.review.pk}/items"

    def existing(self, world: World) -> str:
        item = membership_item(self.review, self.house.viewer)
        return f"{self.collection}/{item.pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            join(self.house.organisation, "viewer")
        self.review = start(self.house)
        self.collection = f"/api/v1/organisations/{self.house.id}/reviews/{self.review.pk}/items"


def _start_platform() -> Review:
    root = User.objects.get(is_root=True)
    person("Second", role="super_admin")  # Nobody decides about themselves.
    with context.acting(actor_of(root)) as current:
        current.platform = True
        return review_start(actor=actor_of(root), organisation_id=None, draft=draft())


class TestPlatformReviews(ApiCase):
    collection = "/api/v1/admin/reviews"
    reader = "root"  # Who may look starts them as well.
    reader_may = frozenset({"post"})
    holder = "root"
    valid = {"name": "Autumn", "due_at": _due}
    models = (Review, ReviewItem)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{_start_platform().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            _start_platform()


@pytest.mark.django_db
def test_a_review_of_the_installation_is_decided_reported_and_closed_over_the_api(
    world: World, browser_of: Callable[[User], Client]
) -> None:
    review = _start_platform()
    client, where = browser_of(world.root), f"/api/v1/admin/reviews/{review.pk}"
    mine = client.get("/api/v1/admin/reviews/mine").json()["items"]
    items = client.get(f"{where}/items").json()["items"]
    clerk = next(one for one in mine if one["person_id"] == str(world.clerk.pk))
    assert str(world.root.pk) in {one["person_id"] for one in items} - {one["person_id"] for one in mine}
    item = f"{where}/items/{clerk['id']}"
    told = client.patch(item, {"decision": "keep", "words": "Still here"}, content_type="application/json").json()
    assert (told["decision"], told["decided_by"]) == ("keep", str(world.root.pk))
    body = {"item_ids": [clerk["id"]], "decision": "revoke"}
    reply = client.post(f"{where}/decisions", body, content_type="application/json")
    assert (reply.status_code, reply.json()) == (200, {"decided": 1, "revoked": 1, "failed": 0})
    assert not Binding.objects.filter(user=world.clerk).exists()
    report = client.get(f"{where}/report").json()["csv"].splitlines()
    assert report[0].startswith("Holder,")
    assert len(report) == len(items) + 1
    assert any(line.startswith("Clerk") and "revoke" in line for line in report)
    assert client.post(f"{where}/close").json()["state"] == "closed"
    assert Event.objects.filter(code="rbac.review.exported", target_id=review.pk).count() == 1
    below = browser_of(world.manager)
    assert {below.get(path).status_code for path in (where, f"{where}/report", f"{where}/items")} == {403}


def _client(house: House, browser_of: Callable[[User], Client], user: User) -> Any:
    client = browser_of(user)
    client.defaults["HTTP_STEWARD_ORGANISATION"] = str(house.id)
    return client


@pytest.mark.django_db
def test_a_named_reviewer_without_the_right_to_give_roles_sees_and_decides_only_their_own(
    browser_of: Callable[[User], Client],
) -> None:
    house = make_house()
    row = bind(house, house.viewer, make_role(house, "member:read"))
    bind(house, house.editor, row.role)
    review = start(house, reviewers="person", reviewer_id=house.editor.pk, roles=[row.role])
    base = f"/api/v1/organisations/{house.id}/reviews"
    client = _client(house, browser_of, house.editor)
    assert client.get(base).status_code == client.get(f"{base}/{review.pk}").status_code == 403
    found = client.get(f"{base}/mine").json()["items"]
    assert [item["source_id"] for item in found] == [str(row.pk)]
    assert client.get(f"{base}/{review.pk}/items").json()["items"] == found
    body = {"item_ids": [found[0]["id"]], "decision": "keep"}
    reply = client.post(f"{base}/{review.pk}/decisions", body, content_type="application/json")
    assert (reply.status_code, reply.json()) == (200, {"decided": 1, "revoked": 0, "failed": 0})
    assert client.get(f"{base}/mine").json()["items"] == []
    assert client.post(f"{base}/{review.pk}/close").status_code == 403
    other = review.items.exclude(source_id=row.pk).get()
    body = {"item_ids": [str(other.pk)], "decision": "keep"}
    reply = client.post(f"{base}/{review.pk}/decisions", body, content_type="application/json")
    assert (reply.status_code, reply.json()["code"]) == (403, "rbac.not_the_reviewer")
    outsider = _client(house, browser_of, house.viewer)
    assert outsider.get(f"{base}/{review.pk}/items").status_code == 404
    assert outsider.get(f"{base}/mine").json()["items"] == []


@pytest.mark.django_db
def test_a_review_over_the_api_names_roles_and_places_that_are_here(browser_of: Callable[[User], Client]) -> None:
    house, elsewhere = make_house(), make_house("Elsewhere")
    foreign = make_role(elsewhere, "member:read")
    client = _client(house, browser_of, house.owner)
    where = f"/api/v1/organisations/{house.id}/reviews"
    due = (clock.now() + timedelta(days=3)).isoformat()
    body = {"name": "Autumn", "due_at": due, "role_ids": [str(foreign.pk)], "place_id": str(elsewhere.id)}
    reply = client.post(where, body, content_type="application/json")
    assert reply.status_code == 422
    assert {error["field"] for error in reply.json()["errors"]} == {"role_ids", "place_id"}
    assert Review.objects.count() == 0
    more: dict[str, Any] = {"name": "Autumn", "due_at": due, "undecided": "revoke", "remind_days": [1]}
    made = client.post(where, more, content_type="application/json").json()
    assert (made["items"], made["undecided"], made["remind_days"]) == (4, "revoke", [1])
    closed = client.post(f"{where}/{made['id']}/close").json()
    assert closed["state"] == "closed"
    assert client.post(f"{where}/{made['id']}/close").status_code == 409
