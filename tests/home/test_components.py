"""The component page and the charts of the home and clean-up pages."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from accounts import session_selectors as selectors
from accounts.models import Session, User
from maintenance import cleaning
from maintenance.models import JobRun
from maintenance.selectors import cleanups as maintenance
from maintenance.services import runs
from portal.kit import clock, context
from portal.kit.admin import ServiceAdmin, check_shown
from portal.kit.models import Notice
from portal.kit.services import writing
from rbac.models import Role
from tests.factories import World, actor_of, signed_in

pytestmark = pytest.mark.django_db
Browse = Callable[[User], Client]
ROOT = Path(__file__).resolve().parent.parent.parent
# Parts of the frame and whole pages; every other part of the kit is shown on the component page.
FRAME = {"_environment", "_theme", "_toasts", "_leave", "_bell", "_field", "_field_errors", "_form_errors"}


@pytest.mark.parametrize("who", ["admin", "manager", "clerk", "stranger"])
def test_the_component_page_is_for_who_runs_the_installation(world: World, browser_of: Browse, who: str) -> None:
    client = browser_of(getattr(world, who))
    for url in ("/platform/components", "/platform/components/part", "/platform/components?confirm=sample-word"):
        assert client.get(url).status_code == 403
    assert client.post("/platform/components", {"tone": "ok"}).status_code == 403


def test_the_component_page_shows_every_part_of_the_kit(world: World, browser_of: Browse) -> None:
    reply = browser_of(world.root).get("/platform/components")
    assert reply.status_code == 200
    drawn = {Path(str(template.name)).stem for template in reply.templates}
    parts = {path.stem for path in (ROOT / "templates" / "kit").glob("_*.html")}
    assert parts - FRAME - drawn == set()


def test_toasts_and_parts_of_the_component_page_answer(world: World, browser_of: Browse) -> None:
    client = browser_of(world.root)
    for tone, text in (("ok", "news"), ("bad", "news"), ("nonsense", "news"), ("undo", "deactivated")):
        assert text in client.post("/platform/components", {"tone": tone}).content.decode()
    assert "It arrived" in client.get("/platform/components/part").content.decode()
    assert client.get("/platform/components/part?fail=1").status_code == 503


def test_sign_ins_are_counted_by_day_and_only_for_who_may_read_the_trail(world: World) -> None:
    now = clock.now()
    for days in (0, 0, 3, 30):
        with clock.at(now - timedelta(days=days)):
            signed_in(world.clerk)
    with context.acting(actor_of(world.admin)):
        found = selectors.sign_ins_per_day(actor_of(world.admin), 14)
    assert len(found) == 14
    assert found[-1][0] == now.date()
    assert [number for _day, number in found][-4:] == [1, 0, 0, 2]
    assert sum(number for _day, number in found) == 3
    with context.acting(actor_of(world.stranger)):
        assert sum(number for _day, number in selectors.sign_ins_per_day(actor_of(world.stranger), 14)) == 0
    assert Session.objects.filter(user=world.clerk).count() == 4


def test_rows_that_went_are_summed_by_day_over_all_clean_ups(world: World, browser_of: Browse) -> None:
    client = browser_of(world.admin)
    assert client.get("/platform/cleanups").context["deleted"]["chart"] is None
    now = clock.now()
    for days, deleted in ((0, 5), (0, 7), (2, 100), (90, 1000)):
        actor = actor_of(world.admin)
        with clock.at(now - timedelta(days=days)), context.acting(actor), writing():
            run_id = runs.run_enqueue(cleaning.JOB, actor=actor, args={"cleanup": "accounts.expired_sessions"})
            JobRun.objects.filter(pk=run_id).update(
                state="succeeded", finished_at=clock.now(), result={"deleted": deleted}
            )
    found = maintenance.deleted_per_day(30)
    assert [number for _day, number in found][-3:] == [100, 0, 12]
    assert sum(number for _day, number in found) == 112
    shown = client.get("/platform/cleanups").context["deleted"]
    assert shown["sum"] == 112
    assert "112" in shown["chart"]


def test_an_admin_class_that_shows_a_secret_or_says_nothing_of_fields_stops_the_start() -> None:
    def shown(model: type, **names: object) -> None:
        values = {"__module__": __name__, "access": "installation:admin", **names}
        check_shown(model, type("Wrong", (ServiceAdmin,), values))

    with pytest.raises(ImproperlyConfigured, match="names no fields"):
        shown(Role)
    with pytest.raises(ImproperlyConfigured, match="shows password"):
        shown(User, fields=("id", "password"))
    with pytest.raises(ImproperlyConfigured, match="shows digest"):
        shown(Session, fields=("id",), list_display=("digest",))
    with pytest.raises(ImproperlyConfigured, match="has inlines"):
        shown(Notice, fields=("id",), inlines=("anything",))
