"""What happened to one object and what one person did, for the pages of the rooms above."""

from uuid import uuid4

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext

from audit import selectors
from portal.kit.context import Actor
from tests.audit.support import ago, plant, told_of, unsaved
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db
SYSTEM = Actor("system", None, "system")


def test_the_history_of_an_object_goes_on_from_page_to_page_and_is_of_any_age() -> None:
    target = uuid4()
    old = plant(ago(days=400), target_type="x", target_id=target)
    ids = [plant(ago(minutes=minute + 1), target_type="x", target_id=target) for minute in range(5)]
    plant(ago(minutes=1), target_type="x", target_id=uuid4())
    first = selectors.history_page(SYSTEM, target, limit=4)
    assert [event.id for event in first.items] == ids[:4]
    assert first.newer is None
    second = selectors.history_page(SYSTEM, target, first.older, limit=4)
    assert [event.id for event in second.items] == [ids[4], old]
    assert second.older is None
    back = selectors.history_page(SYSTEM, target, second.newer, limit=4)
    assert [event.id for event in back.items] == ids[:4]


def test_activity_is_what_a_person_did_and_not_what_was_done_to_it(world: World) -> None:
    done = told_of(unsaved("Nora Quist"), by=actor_of(world.admin))
    told_of(world.admin, by=actor_of(world.root))
    assert [event.id for event in selectors.activity_of(SYSTEM, world.admin.pk).items] == [done]


def test_who_may_not_read_the_trail_sees_no_history(world: World) -> None:
    told_of(world.clerk, by=actor_of(world.admin))
    for user, sees in ((world.manager, True), (world.clerk, False), (world.stranger, False)):
        actor = actor_of(user)
        assert bool(selectors.history_page(actor, world.clerk.pk).items) is sees
        assert bool(selectors.activity_of(actor, world.admin.pk).items) is sees


def test_an_organisation_sees_the_history_that_happened_in_it() -> None:
    here, there, target, person = uuid4(), uuid4(), uuid4(), uuid4()
    inside = plant(ago(minutes=1), organisation_id=here, target_type="x", target_id=target, actor_id=person)
    for organisation in (there, None):
        plant(ago(minutes=2), organisation_id=organisation, target_type="x", target_id=target, actor_id=person)
    actor = Actor("system", None, "system", here)
    assert [event.id for event in selectors.history_of(actor, target)] == [inside]
    assert [event.id for event in selectors.history_page(actor, target).items] == [inside]
    assert [event.id for event in selectors.activity_of(actor, person).items] == [inside]


@pytest.mark.parametrize("limit", [0, 201])
def test_a_page_of_history_has_a_size(limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 200"):
        selectors.activity_of(SYSTEM, uuid4(), limit=limit)


def test_neighbours_are_about_the_same_target() -> None:
    target = uuid4()
    ids = [plant(ago(minutes=minute + 1), target_type="x", target_id=target) for minute in range(3)]
    plant(ago(seconds=90), target_type="x", target_id=uuid4())
    middle = selectors.event(SYSTEM, ids[1]).row
    assert selectors.neighbours(SYSTEM, middle) == selectors.Neighbours(newer=ids[0], older=ids[2])
    assert selectors.neighbours(SYSTEM, selectors.event(SYSTEM, ids[0]).row).newer is None
    assert selectors.neighbours(SYSTEM, selectors.event(SYSTEM, ids[2]).row).older is None
    alone = selectors.event(SYSTEM, plant(ago(minutes=9))).row
    with CaptureQueriesContext(connection) as captured:
        assert selectors.neighbours(SYSTEM, alone) == selectors.Neighbours()
    assert len(captured) == 0


def test_the_history_opens_each_diff(world: World) -> None:
    told_of(world.clerk, {"is_active": (True, False), "password": ("old-secret", "new-secret")})
    told_of(world.clerk)
    page = selectors.history_page(SYSTEM, world.clerk.pk)
    text = render_to_string("audit/_history.html", {"events": page.items, "history_url": "/platform/audit?target=x"})
    assert text.count("<details") == 1
    assert "<del>yes</del>" in text
    assert "secret" not in text
    assert 'href="/platform/audit?target=x"' in text


def test_an_object_without_history_says_so() -> None:
    assert "Nothing recorded yet" in render_to_string("audit/_history.html", {"events": []})
