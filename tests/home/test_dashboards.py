"""Dashboards: who sees and changes which, what they show to whom, and their live parts."""

import json
import re
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services.organisations import organisation_suspend
from audit.models import Event
from portal.home import boards, layouts, starters
from portal.home.models import Dashboard, DashboardVersion, HomeChoice
from portal.home.services import dashboards as services
from portal.kit import context, errors
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.services import writing
from portal.kit.widgets import Place, open_to, widgets
from rbac.models import Role
from tests.accounts.organisation_world import join, make_house, organisation
from tests.factories import World, actor_of, make_world, person, signed_in

pytestmark = pytest.mark.django_db
COMING = re.compile(r'id="(w\d+)">\s*<div class="panel">\s*<div class="skeleton"')
LAYOUT = layouts.made(("home.for_me", 12), ("audit.activity", 8), ("home.notices", 4))


def made(user: User, name: str = "Mine", actor: Actor | None = None, **values: object) -> Dashboard:
    with context.acting(actor or actor_of(user)) as current:
        return services.dashboard_create(actor=current.actor, name=name, layout=values.pop("layout", LAYOUT), **values)  # type: ignore[arg-type]


def parts_of(reply: object) -> list[str]:
    return re.findall(r'id="(w\d+)"', reply.content.decode())  # type: ignore[attr-defined]


# --- what the first page shows ---


def test_each_begins_with_the_dashboard_of_its_role_and_nothing_it_may_not_see() -> None:
    world = make_world()
    expected = {world.root: "business", world.admin: "people", world.manager: "support", world.clerk: "plain"}
    for user, code in expected.items():
        actor = actor_of(user)
        assert starters.starter_of(actor).code == code
        page = signed_in(user).get("/")
        assert page.status_code == 200
        found = boards.shown(Place(actor))
        assert parts_of(page) == [f"w{item['id']}" for item in found.layout]
        assert all(open_to(actor, widgets.get(item["widget"])) for item in found.layout)


def test_who_has_no_role_is_told_so_and_asks_for_nothing() -> None:
    page = signed_in(make_world().stranger).get("/")
    assert "Waiting for a role" in page.content.decode()
    assert "data-poll" not in page.content.decode()


def test_who_has_no_role_here_works_in_its_organisation_and_chooses_among_several() -> None:
    first = make_house("Anchorage")
    client = signed_in(first.viewer)
    reply = client.get("/")
    assert (reply.status_code, reply["Location"]) == (302, first.url())
    second = organisation("Lighthouse")
    join(second, "editor", first.viewer)
    page = client.get("/").content.decode()
    assert f'href="{first.url()}">Anchorage' in page
    assert f'href="/o/{second.slug}/">Lighthouse' in page
    assert "Waiting for a role" not in page
    with context.system("a test") as current:
        for one in (first.organisation, second):
            organisation_suspend(actor=current.actor, organisation=one, reason="Unpaid")
    assert "Waiting for a role" in client.get("/").content.decode()


@pytest.mark.parametrize("code", [one.code for one in widgets if "platform" in one.realms and one.permission])
def test_a_widget_is_neither_shown_nor_loaded_without_its_right(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    declared = widgets.get(code)
    layout = layouts.made((code, declared.width), ("home.for_me", 12))
    row = made(world.root, sharing="everybody", layout=layout)
    assert not can(actor_of(world.clerk), declared.permission)

    def never(*_args: object) -> None:
        raise AssertionError(f"{code} was loaded")

    monkeypatch.setitem(widgets._items, code, replace(declared, load=never))
    clerk = signed_in(world.clerk)
    assert parts_of(clerk.get(f"/dashboards/{row.pk}?all=1")) == ["w2"]
    live = clerk.get(f"/dashboards/live?board={row.pk}&v=1")
    assert parts_of(live) == ["w2"]
    assert clerk.get(f"/api/v1/dashboards/{row.pk}/widgets/1").status_code == 404
    assert clerk.get(f"/api/v1/dashboards/{row.pk}/widgets/2").status_code == 200


@pytest.mark.parametrize("code", [one.code for one in widgets if "platform" in one.realms])
def test_each_widget_of_the_installation_draws_itself_and_answers_over_the_api(code: str) -> None:
    world = make_world()
    row = made(world.root, layout=layouts.made((code, widgets.get(code).width)))
    root = signed_in(world.root)
    page = root.get(f"/dashboards/{row.pk}?all=1")
    assert page.status_code == 200
    assert COMING.findall(page.content.decode()) == []
    data = root.get(f"/api/v1/dashboards/{row.pk}/widgets/1")
    assert data.status_code == 200
    assert data.json()["widget"] == code
    assert "<svg" not in data.content.decode()


@pytest.mark.parametrize("code", [one.code for one in widgets if "organisation" in one.realms])
def test_each_widget_of_an_organisation_draws_itself(code: str) -> None:
    house = make_house()
    row = made(house.owner, actor=house.inside(house.owner), layout=layouts.made((code, widgets.get(code).width)))
    page = signed_in(house.owner).get(house.url(f"dashboards/{row.pk}?all=1"))
    assert page.status_code == 200
    assert 'id="w1"' in page.content.decode()


def test_slow_widgets_come_after_the_page_in_one_request() -> None:
    root = signed_in(make_world().root)
    page = root.get("/").content.decode()
    assert "data-coming" in page
    tag = re.search(r'data-tag="([^"]*)"', page)
    assert tag is not None
    live = root.get("/dashboards/live?role=business&turn=0", headers={"If-None-Match": tag[1].replace("&quot;", '"')})
    assert live.status_code == 200
    came = set(parts_of(live))
    assert came == set(COMING.findall(page))
    assert len(came) >= 5


# --- live parts ---


def test_a_poll_that_knows_everything_gets_304_and_a_change_comes_alone() -> None:
    world = make_world()
    row = made(world.admin)
    admin = signed_in(world.admin)
    url = f"/dashboards/live?board={row.pk}&v=1&turn=1"
    first = admin.get(url)
    assert len(parts_of(first)) == 3
    again = admin.get(url, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    made(world.admin, "Another")  # An event in the trail.
    changed = admin.get(url, headers={"If-None-Match": first["ETag"]})
    assert parts_of(changed) == ["w2"]
    assert "hx-swap-oob" in changed.content.decode()
    assert changed["ETag"] != first["ETag"]


def test_a_poll_without_session_or_right_is_refused_and_a_lost_right_empties_the_part() -> None:
    world = make_world()
    row = made(world.root, sharing="everybody")
    url = f"/dashboards/live?board={row.pk}&v=1&turn=1"
    assert Client().get(url).status_code == 302
    assert signed_in(world.stranger).get(url).status_code == 403
    clerk = signed_in(world.clerk)
    tag = clerk.get(url)["ETag"]
    lost = clerk.get(url, headers={"If-None-Match": tag[:-1] + '-2.abcdef01"'})
    assert parts_of(lost) == ["w2"]
    assert " hidden" in lost.content.decode()
    assert "audit" not in lost.content.decode().lower()


def test_a_poll_of_a_dashboard_that_is_no_longer_shared_or_was_arranged_anew() -> None:
    world = make_world()
    row = made(world.admin, sharing="everybody")
    clerk = signed_in(world.clerk)
    with context.acting(actor_of(world.admin)) as current:
        services.dashboard_update(actor=current.actor, row=row, values={"layout": LAYOUT[:1]})
    reply = clerk.get(f"/dashboards/live?board={row.pk}&v=1")
    assert (reply.status_code, reply["HX-Refresh"]) == (204, "true")
    with context.acting(actor_of(world.admin)) as current:
        services.dashboard_update(actor=current.actor, row=row, values={"sharing": "nobody"})
    assert clerk.get(f"/dashboards/live?board={row.pk}&v=2").status_code == 404


@pytest.mark.parametrize("hostile", ["nonsense", 'W/"1.x-2"', 'W/"' + "9" * 4000 + '"', 'W/"٣.a"', "*"])
def test_a_poll_with_a_tag_that_nobody_gave_gets_everything(hostile: str) -> None:
    world = make_world()
    row = made(world.admin)
    reply = signed_in(world.admin).get(
        f"/dashboards/live?board={row.pk}&v=1&turn=x", headers={"If-None-Match": hostile.encode().decode("latin-1")}
    )
    assert reply.status_code == 200
    assert len(parts_of(reply)) == 3


def test_figures_are_due_every_thirty_seconds_and_the_rest_every_five() -> None:
    layout = layouts.made(("home.kpi", 3), ("home.for_me", 12))
    world = make_world()
    found = boards.shown(Place(actor_of(world.root)), made(world.root, layout=layout))
    known = {1: "aa", 2: "bb"}
    assert [boards.due(found, turn, known) for turn in (0, 1, 5, 6)] == [set(), {2}, {2}, {1, 2}]
    assert boards.due(found, 1, {2: "bb"}) == {1, 2}, "what the page does not have comes at once"


def test_queries_of_a_page_do_not_grow_with_dashboards_and_the_same_figure_is_read_once_for_all() -> None:
    world = make_world()
    row = made(world.root, layout=layouts.made(*(("home.kpi", 3, {"kpi": "mrr"}) for _place in range(2))))
    root = signed_in(world.root)
    url = f"/dashboards/live?board={row.pk}&v=1"
    root.get(url)
    with CaptureQueriesContext(connection) as few:
        root.get(url)
    for number in range(5):
        made(world.root, f"More {number}")
    with CaptureQueriesContext(connection) as many:
        root.get(url)
    assert len(many) == len(few)
    assert not [one for one in many.captured_queries if "billing" in one["sql"]], "known from the first reading"


# --- keeping, sharing, versions ---


def test_sharing_takes_a_right_and_reaches_the_roles_that_are_named() -> None:
    world = make_world()
    manager_role = Role.objects.get(catalogue="platform", code="manager")
    with pytest.raises(errors.Forbidden):
        made(world.clerk, sharing="everybody")
    assert not Dashboard.objects.exists()
    row = made(world.admin, sharing="roles", role_ids=[manager_role.pk])
    assert signed_in(world.manager).get(f"/dashboards/{row.pk}").status_code == 200
    assert signed_in(world.clerk).get(f"/dashboards/{row.pk}").status_code == 404
    for wrong in ({"sharing": "roles"}, {"sharing": "roles", "role_ids": [row.pk]}, {"sharing": "world"}):
        with pytest.raises(errors.Invalid):
            made(world.admin, "Wrong", **wrong)


def test_only_the_owner_changes_it_and_a_refusal_leaves_nothing() -> None:
    world = make_world()
    row = made(world.admin, sharing="everybody")
    events = Event.objects.filter(code__startswith="home.dashboard").count()
    manager = signed_in(world.manager)
    for path, values in (("manage", {"name": "Taken"}), ("revert", {"number": "1"}), ("delete", {})):
        assert manager.post(f"/dashboards/{row.pk}/{path}", values).status_code == 404
    body = json.dumps({"name": "Taken"})
    reply = manager.patch(f"/api/v1/dashboards/{row.pk}", body, content_type="application/json")
    assert reply.status_code == 403
    assert Dashboard.objects.get().name == "Mine"
    assert Event.objects.filter(code__startswith="home.dashboard").count() == events


def test_going_back_is_a_new_version_and_the_oldest_go() -> None:
    world = make_world()
    row = made(world.admin)
    admin = signed_in(world.admin)
    with context.acting(actor_of(world.admin)) as current:
        services.dashboard_update(actor=current.actor, row=row, values={"layout": LAYOUT[:1]})
        services.dashboard_update(actor=current.actor, row=row, values={"layout": LAYOUT[:1]})
    assert DashboardVersion.objects.count() == 2, "what changes nothing is no version"
    assert admin.post(f"/dashboards/{row.pk}/revert", {"number": "1"}).status_code == 302
    row.refresh_from_db()
    assert (row.version, row.layout) == (3, LAYOUT)
    event = Event.objects.get(code="home.dashboard.reverted")
    assert event.target_id == row.pk
    for number in ("9", "0", "", "x", "٣"):
        assert admin.post(f"/dashboards/{row.pk}/revert", {"number": number}).status_code == 404
    with context.acting(actor_of(world.admin)) as current:
        for turn in range(services.VERSIONS):
            services.dashboard_update(actor=current.actor, row=row, values={"name": f"Name {turn}"})
            row.refresh_from_db()
    assert DashboardVersion.objects.count() == services.VERSIONS
    assert not DashboardVersion.objects.filter(number=1).exists()


def test_clone_choose_and_delete() -> None:
    world = make_world()
    row = made(world.admin, "Shared", sharing="everybody")
    clerk = signed_in(world.clerk)
    assert clerk.post(f"/dashboards/{row.pk}/clone").status_code == 302
    copy = Dashboard.objects.get(owner=world.clerk)
    assert (copy.name, copy.sharing, copy.layout) == ("Copy of Shared", "nobody", row.layout)
    assert clerk.post("/dashboards/choose", {"board": copy.pk}).status_code == 302
    assert 'id="w3"' in clerk.get("/").content.decode()
    assert clerk.post(f"/dashboards/{copy.pk}/delete").status_code == 302
    assert HomeChoice.objects.get(person=world.clerk).dashboard is None
    assert clerk.get("/").status_code == 200
    assert clerk.post("/dashboards/choose", {"board": "nonsense"}).status_code == 404
    assert Event.objects.filter(code="home.dashboard.deleted").count() == 1


def test_what_stopped_being_shared_is_nobodys_home() -> None:
    world = make_world()
    row = made(world.admin, sharing="everybody")
    clerk = signed_in(world.clerk)
    clerk.post("/dashboards/choose", {"board": row.pk})
    assert "<p>Mine</p>" in clerk.get("/").content.decode()
    with context.acting(actor_of(world.admin)) as current:
        services.dashboard_update(actor=current.actor, row=row, values={"sharing": "nobody"})
    assert "<p>Mine</p>" not in clerk.get("/").content.decode()


def test_a_name_is_ones_own_only_once_and_there_are_not_endlessly_many(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    made(world.admin)
    with pytest.raises(errors.Invalid):
        made(world.admin, "mine")
    made(world.manager)
    for wrong in ("", " ", "x" * 61, "a\u202eb"):
        with pytest.raises(errors.Invalid):
            made(world.admin, wrong)
    monkeypatch.setattr(services, "MOST", 1)
    with pytest.raises(errors.Conflict):
        made(world.admin, "One more")


@pytest.mark.parametrize(
    "layout", ["{}", '"text"', '[{"id": 1}]', "[1]", '[{"id": "1", "widget": "a", "width": 3, "options": {}}]']
)
def test_the_database_refuses_what_has_not_the_shape_of_a_layout(layout: str) -> None:
    row = made(make_world().admin)
    with pytest.raises(DatabaseError), context.system("a test"), writing(), transaction.atomic():
        Dashboard.objects.filter(pk=row.pk).update(layout=json.loads(layout))


# --- arranging, as without scripts ---


def sent(page: object) -> str:
    found = re.search(r'name="layout" value="([^"]*)"', page.content.decode())  # type: ignore[attr-defined]
    assert found is not None
    return found[1].replace("&quot;", '"')


def test_arranging_stores_nothing_until_it_is_saved_and_then_is_ones_own_home() -> None:
    clerk_user = person("Clerk", role="user")
    clerk = signed_in(clerk_user)
    page = clerk.get("/dashboards/arrange")
    for act in ("down:1", "wider:2", "narrower:2", "remove:3", "left:2", "up:2", "right:2", "add:home.notices"):
        page = clerk.post("/dashboards/arrange", {"layout": sent(page), "do": act})
        assert page.status_code == 200, act
    assert not Dashboard.objects.exists()
    saved = clerk.post("/dashboards/arrange", {"layout": sent(page), "do": "save"})
    row = Dashboard.objects.get()
    assert saved["Location"] == f"/dashboards/{row.pk}"
    assert row.layout == json.loads(sent(page))
    assert HomeChoice.objects.get().dashboard == row
    again = clerk.post(f"/dashboards/arrange?board={row.pk}", {"layout": "[]", "do": "save"})
    assert again.status_code == 302
    row.refresh_from_db()
    assert (row.layout, row.version) == ([], 2)


def test_arranging_somebody_elses_makes_an_own_one_and_save_as_takes_a_name() -> None:
    world = make_world()
    row = made(world.admin, sharing="everybody")
    manager = signed_in(world.manager)
    page = manager.get(f"/dashboards/arrange?board={row.pk}")
    manager.post(f"/dashboards/arrange?board={row.pk}", {"layout": sent(page), "do": "save"})
    assert Dashboard.objects.get(owner=world.manager).name == "Mine"
    values = {"layout": sent(page), "do": "save_as", "name": ""}
    refused = manager.post(f"/dashboards/arrange?board={row.pk}", values)
    assert refused.status_code == 422
    assert Dashboard.objects.count() == 2
    manager.post(f"/dashboards/arrange?board={row.pk}", {**values, "name": "By name"})
    assert Dashboard.objects.filter(owner=world.manager, name="By name").exists()
    reset = manager.post(f"/dashboards/arrange?board={row.pk}", {"layout": "[]", "do": "reset"})
    assert next(item["widget"] for item in json.loads(sent(reset))) == "home.for_me"


@pytest.mark.parametrize(
    ("act", "status"),
    [
        ("add:accounts.people", 404),  # The clerk may not see it.
        ("add:no.such", 404),
        ("add:home.for_me", 422),
        ("remove:99", 404),
        ("left:x", 404),
        ("explode:1", 400),
        ("", 404),
    ],
)
def test_a_step_that_there_is_not_is_refused(act: str, status: int) -> None:
    clerk = signed_in(person("Clerk", role="user"))
    layout = sent(clerk.get("/dashboards/arrange"))
    assert clerk.post("/dashboards/arrange", {"layout": layout, "do": act}).status_code == status


@pytest.mark.parametrize("layout", ["", "{", '[{"id": 1, "widget": "no.such"}]', "[" * 50, "9" * 70_000])
def test_an_arrangement_that_nobody_made_is_refused(layout: str) -> None:
    clerk = signed_in(person("Clerk", role="user"))
    assert clerk.post("/dashboards/arrange", {"layout": layout, "do": "save"}).status_code == 400
    assert not Dashboard.objects.exists()


def test_a_target_is_set_and_shown() -> None:
    world = make_world()
    root = signed_in(world.root)
    layout = json.dumps(layouts.made(("home.kpi", 3, {"kpi": "mrr"})))
    values = {"layout": layout, "do": "set:1", "1-kpi": "sign_ups", "1-days": "7", "1-target": "100"}
    page = root.post("/dashboards/arrange", values)
    assert json.loads(sent(page))[0]["options"] == {"kpi": "sign_ups", "days": "7", "target": "100"}
    assert root.post("/dashboards/arrange", {**values, "1-target": "many"}).status_code == 422
    root.post("/dashboards/arrange", {"layout": sent(page), "do": "save"})
    assert "Target 100" in root.get("/?all=1").content.decode()


# --- organisations ---


def test_each_organisation_has_dashboards_of_its_own_and_another_sees_none() -> None:
    here, there = make_house("Here"), make_house("There")
    row = made(here.owner, actor=here.inside(here.owner), sharing="everybody")
    viewer = signed_in(here.viewer)
    assert viewer.get(here.url(f"dashboards/{row.pk}")).status_code == 200
    assert viewer.get(here.url()).status_code == 200
    assert viewer.get(f"/dashboards/{row.pk}").status_code in {403, 404}
    assert signed_in(there.owner).get(there.url(f"dashboards/{row.pk}")).status_code == 404
    assert signed_in(there.owner).get(here.url(f"dashboards/{row.pk}")).status_code == 404
    staff = signed_in(person("Root", role="super_admin"))
    assert staff.get(f"/dashboards/{row.pk}").status_code == 404, "of one place only, also for who sees every row"
    both = signed_in(here.owner)
    assert both.post(here.url(f"dashboards/{row.pk}/clone")).status_code == 302
    assert Dashboard.objects.filter(organisation=here.organisation).count() == 2
    header = {"Steward-Organisation": str(there.id)}
    assert signed_in(there.owner).get(f"/api/v1/dashboards/{row.pk}", headers=header).status_code == 404


def test_a_viewer_shares_nothing_and_keeps_its_own() -> None:
    house = make_house()
    with pytest.raises(errors.Forbidden):
        made(house.viewer, actor=house.inside(house.viewer), sharing="everybody")
    made(house.viewer, actor=house.inside(house.viewer))
    assert Dashboard.objects.get().organisation == house.organisation
    assert "Mine" not in signed_in(house.owner).get(house.url("dashboards")).content.decode()


# --- first steps ---


def test_the_first_steps_are_counted_from_the_data_and_can_be_put_away() -> None:
    root_user = person("Root", role="super_admin")
    root = signed_in(root_user)
    page = root.get("/").content.decode()
    assert "First steps" in page
    assert "Make the first organisation" in page
    alone = organisation("Alone")
    owner = join(alone, "owner")
    assert 'Make the first organisation<span class="vh"> (done)' in root.get("/").content.decode()
    root.post("/dashboards/steps")
    assert "First steps" not in root.get("/").content.decode()
    inside = signed_in(owner)
    assert "Invite your team" in inside.get(f"/o/{alone.slug}/").content.decode()
    join(alone, "viewer")
    assert "First steps" not in inside.get(f"/o/{alone.slug}/").content.decode()
    root.post("/dashboards/steps", {"show": "1"})
    assert "First steps" in root.get("/").content.decode()


# --- files of a figure ---


@pytest.mark.parametrize(("kind", "start"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("csv", b"when,")])
def test_the_chart_of_a_figure_comes_as_a_file(kind: str, start: bytes) -> None:
    world = make_world()
    reply = signed_in(world.manager).get(f"/platform/kpis/sign_ups/{kind}?days=7")
    assert reply.status_code == 200
    assert reply.content.startswith(start)
    assert "attachment" in reply["Content-Disposition"]
    assert signed_in(world.clerk).get(f"/platform/kpis/sign_ups/{kind}").status_code == 403
    assert signed_in(world.manager).get("/platform/kpis/sign_ups/exe").status_code == 404


def test_every_figure_has_a_file_also_without_a_number(world: World) -> None:
    manager = signed_in(world.manager)
    for kind in ("svg", "png", "csv"):
        assert manager.get(f"/platform/kpis/cac/{kind}").status_code == 200
