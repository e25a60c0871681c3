"""Modules of host products: registered, switched by organisations, and what follows for the decision and the navigation."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from portal.kit import context, errors, tenancy
from portal.kit.decision import can, list_subjects
from portal.kit.services import writing
from rbac import menu, module_selectors, services
from rbac.icons import icons
from rbac.models import Application, Binding, Module, ModuleSwitch, Permission, Resource, ResourceType, Role
from rbac.services.modules import module_switch
from rbac.services.products import application_put, module_put, type_put
from rbac.simulate import simulate
from tests.accounts.organisation_world import House, make_house, traces
from tests.factories import World, actor_of, signed_in
from tests.rbac.run_house import run_of
from tests.rbac.tree_house import resource

READ = "product/translation:read"


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


def module(code: str = "translations", product: str = "product") -> Module:
    return Module.objects.select_related("application").get(application__code=product, code=code)


def give(house: House, user: User, code: str, product: str = "product") -> None:
    """A role of a host product in the whole organisation."""
    with context.system("a test"), writing(), tenancy.within(house.id):
        role = Role.objects.get(application__code=product, code=code)
        Binding.objects.create(scope_id=house.id, role=role, user=user)


def switch(house: House, *, is_on: bool, which: Module | None = None, by: User | None = None) -> None:
    actor = house.inside(by or house.admin)
    with context.acting(actor):
        module_switch(actor=actor, organisation_id=house.id, module=which or module(), is_on=is_on)


# --- the files ---


@pytest.mark.django_db
def test_the_files_say_which_permissions_and_types_a_module_has() -> None:
    row = module()
    assert sorted(one.code for one in row.types.all()) == ["translation"]
    assert Permission.objects.filter(module=row).count() == 6
    assert not Permission.objects.filter(code="product/project:read", module__isnull=False).exists()
    assert ResourceType.objects.filter(module__code="threats").count() == 3
    assert not Permission.objects.filter(application__code="threats").exists(), "its things have no rights of their own"
    before = Event.objects.count()
    with context.system("a test") as current:
        services.roles_apply(actor=current.actor)
    assert Event.objects.count() == before, "applying again changes nothing"


# --- the switch ---


def test_the_very_next_check_knows_that_a_module_is_off_and_on_again(house: House) -> None:
    thing = resource(house, type_="product/translation")
    give(house, house.viewer, "viewer")
    give(house, house.viewer, "auditor")
    client, address = signed_in(house.viewer), house.url("modules")
    assert client.get(address).status_code == 200
    actor = house.inside(house.viewer)

    def answers() -> tuple[bool, str, int, int]:
        with context.acting(actor):
            answer = can(actor, READ, thing)
            seen = Resource.objects.visible_to(actor, READ).count()
        return answer.allowed, answer.reason, seen, len(list_subjects(READ, thing).items)

    assert answers() == (True, "role", 1, 1)
    switch(house, is_on=False)
    assert answers() == (False, "module", 0, 0)
    switch(house, is_on=True)
    assert answers() == (True, "role", 1, 1)
    told = Event.objects.filter(target_id=module().pk).order_by("id").values_list("code", flat=True)
    assert list(told)[-2:] == ["rbac.module.switched_off", "rbac.module.switched_on"]


def test_another_organisation_keeps_what_one_has_switched_off(house: House) -> None:
    other = make_house("Meadow")
    for one in (house, other):
        give(one, one.viewer, "auditor")
    switch(house, is_on=False)
    assert not can(house.inside(house.viewer), READ)
    assert can(other.inside(other.viewer), READ)
    assert can(house.inside(house.viewer), "product/project:read"), "what is in no module stays"


def test_switching_to_what_is_so_already_leaves_nothing(house: House) -> None:
    before = traces()
    switch(house, is_on=True)
    assert (traces(), ModuleSwitch.objects.count()) == (before, 0)
    switch(house, is_on=False)
    before = traces()
    switch(house, is_on=False)
    assert traces() == before


def test_who_may_not_switch_changes_nothing_by_service_page_or_address(house: House) -> None:
    other = make_house("Meadow")
    for actor in (house.inside(house.editor), house.inside(house.viewer)):
        with context.acting(actor), pytest.raises(errors.Forbidden):
            module_switch(actor=actor, organisation_id=house.id, module=module(), is_on=False)
    outsider = other.inside(other.owner)
    with context.acting(outsider), pytest.raises(errors.NotFound):
        module_switch(actor=outsider, organisation_id=house.id, module=module(), is_on=False)
    values = {"module": str(module().pk), "do": "off"}
    assert signed_in(house.viewer).post(house.url("modules"), values).status_code == 403
    assert signed_in(other.owner).post(house.url("modules"), values).status_code == 404
    admin = signed_in(house.admin)
    assert admin.post(house.url("modules"), values | {"do": "maybe"}).status_code == 400
    assert admin.post(house.url("modules"), values | {"module": str(house.id)}).status_code == 404
    assert not ModuleSwitch.objects.exists()
    assert admin.post(house.url("modules"), values).status_code == 302
    assert ModuleSwitch.objects.get().organisation_id == house.id


def test_a_simulation_tells_who_would_lose_what(house: House) -> None:
    give(house, house.viewer, "auditor")
    actor = house.inside(house.admin)
    with context.acting(actor):
        preview = simulate(
            lambda: module_switch(actor=actor, organisation_id=house.id, module=module(), is_on=False), [None]
        )
        nothing = ModuleSwitch.objects.count()
    (one,) = preview.differences
    assert (one.person_id, one.gains, one.loses) == (house.viewer.pk, (), (READ,))
    assert nothing == 0


def test_a_check_in_a_house_with_modules_is_one_query_and_then_none(house: House) -> None:
    give(house, house.viewer, "auditor")
    switch(house, is_on=False)
    actor = house.inside(house.viewer)
    with context.acting(actor), tenancy.reading(house.id):
        can(actor, "organisation:read", house.organisation)  # Numbers and stamps are known.
        thing = resource(house, type_="product/translation")
        with CaptureQueriesContext(connection) as cold:
            first = can(actor, READ, thing)
        with CaptureQueriesContext(connection) as warm:
            assert can(actor, READ, thing) == first
    assert (len(warm), first.reason) == (0, "module")
    assert len(cold) <= 1


# --- navigation ---


def _entries(house: House, user: User) -> list[str]:
    with context.acting(house.inside(user)):
        return [item.name.removeprefix("rbac.resources.") for item in menu.type_entries()]


def test_a_type_stands_in_the_navigation_of_the_roles_that_its_product_names(house: House) -> None:
    standing = _entries(house, house.owner)
    assert "platform_data/pipeline" in standing
    assert "platform_data/dashboard" not in standing
    give(house, house.viewer, "executive", "platform_data")
    shown = _entries(house, house.viewer)
    assert {"platform_data/dashboard", "platform_data/report", "platform_data/user"} <= set(shown)
    assert "platform_data/pipeline" not in shown
    assert "product/project" in shown, "of another product, what stands in everybody's"


def test_the_types_of_a_module_that_is_off_leave_the_navigation(house: House) -> None:
    assert "product/translation" in _entries(house, house.viewer)
    switch(house, is_on=False)
    assert "product/translation" not in _entries(house, house.viewer)
    threats = module("threats", "threats")
    assert "threats/tactic" in _entries(house, house.viewer)
    switch(house, is_on=False, which=threats)
    assert "threats/tactic" not in _entries(house, house.viewer)


def test_many_types_of_a_product_stand_behind_one_entry_that_opens_and_is_open_on_a_page_of_theirs(
    house: House, world: World
) -> None:
    _put(world, application_put, code="shop", label="Shop")
    product = Application.objects.get(code="shop")

    def folds(path: str) -> list[tuple[bool, list[str]]]:
        text = signed_in(house.owner).get(house.url(path)).content.decode()
        found = re.findall(
            r'<details class="fold" data-fold="Shop"( open)?>.*?</svg>(Shop)<(.*?)</details>', text, re.DOTALL
        )
        return [(bool(is_open), re.findall(r'<a href="([^"]+)"', inner)) for is_open, _label, inner in found]

    for number in range(6):
        assert folds("") == [], "up to five stand by themselves"
        values = {"label": f"Part {number}", "label_plural": f"Parts {number}", "in_navigation": True}
        _put(world, type_put, application=product, code=f"part_{number}", values=values)
    addresses = [house.url(f"resources/shop/part_{number}") for number in range(6)]
    assert folds("") == [(False, addresses)]
    assert folds("resources/shop/part_3") == [(True, addresses)]


def test_a_type_that_names_no_icon_gets_one_that_is_drawn() -> None:
    assert ResourceType._meta.get_field("icon").default in icons()


# --- what products register ---


def _put(world: World, act: Any, **values: Any) -> Any:
    actor = actor_of(world.root)
    with context.acting(actor):
        return act(actor=actor, **values)


def test_a_product_registers_itself_its_types_and_its_modules(house: House, world: World) -> None:
    product, fresh = _put(world, application_put, code="shop", label="Shop")
    assert (fresh, product.label) == (True, "Shop")
    values = {"label": "Order", "label_plural": "Orders", "icon": "invoice", "in_navigation": True}
    kind, fresh = _put(
        world, type_put, application=product, code="order", values=values | {"actions": ["read", "update"]}
    )
    assert (fresh, kind.icon) == (True, "invoice")
    assert set(Permission.objects.filter(application=product).values_list("code", flat=True)) == {
        "shop/order:read",
        "shop/order:update",
    }
    row, fresh = _put(
        world, module_put, application=product, code="orders", values={"label": "Orders", "types": ["order"]}
    )
    assert (fresh, row.permissions.count(), row.types.count()) == (True, 2, 1)
    before = Event.objects.count()
    for act, code, told in (
        (type_put, "order", values),
        (module_put, "orders", {"label": "Orders", "types": ["order"]}),
    ):
        assert _put(world, act, application=product, code=code, values=told)[1] is False
    assert Event.objects.count() == before, "sent again, it changes nothing"
    _put(world, type_put, application=product, code="order", values=values | {"actions": ["delete"]})
    assert row.permissions.count() == 3, "a new right of a type comes into the module of the type"
    thing = resource(house, type_="shop/order")
    assert "shop/order" in _entries(house, house.viewer)
    switch(house, is_on=False, which=row)
    assert can(house.inside(house.owner), "shop/order:read", thing).reason == "module"
    with context.system("a test") as current:
        services.roles_apply(actor=current.actor)
    assert Application.objects.get(code="shop").label == "Shop"


def test_what_a_product_told_of_a_type_of_the_release_stays_when_roles_are_applied(world: World) -> None:
    product = Application.objects.get(code="product")
    values = {"label": "Undertaking", "label_plural": "Undertakings", "navigation": ["admin"]}
    _put(world, type_put, application=product, code="project", values=values)
    _put(world, module_put, application=product, code="translations", values={"label": "Texts", "types": []})
    with context.system("a test") as current:
        services.roles_apply(actor=current.actor)
    kind = ResourceType.objects.get(application=product, code="project")
    assert (kind.label, kind.navigation, kind.icon) == ("Undertaking", ["admin"], "document")
    assert (module().label, module().permissions.count()) == ("Texts", 0)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"icon": "../../secret"}, "icon"),
        ({"navigation": ["emperor"]}, "navigation"),
        ({"actions": ["destroy"]}, "actions"),
        ({"label": "a\nb"}, "label"),
        ({"label": ""}, "label"),
    ],
)
def test_a_type_that_cannot_be_is_refused_and_nothing_is_kept(world: World, values: dict[str, Any], field: str) -> None:
    product, before = Application.objects.get(code="product"), traces()
    given = {"label": "Order", "label_plural": "Orders"} | values
    with pytest.raises(errors.Invalid) as refused:
        _put(world, type_put, application=product, code="order", values=given)
    assert set(refused.value.fields) == {field}
    assert (traces(), ResourceType.objects.filter(code="order").count()) == (before, 0)


@pytest.mark.parametrize("code", ["", "Order", "a/b", "a:b", "1a", "a" * 41, "or-der"])
def test_a_code_is_plain(world: World, code: str) -> None:
    before = traces()
    with pytest.raises(errors.Invalid):
        _put(world, application_put, code=code, label="Shop")
    assert (traces(), Application.objects.count()) == (before, 3)


@pytest.mark.parametrize("code", ["platform", "organisation", "custom"])
def test_no_product_is_called_as_steward_itself_is(world: World, code: str) -> None:
    with pytest.raises(errors.Invalid):
        _put(world, application_put, code=code, label="Shop")
    assert not Application.objects.filter(code=code).exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"permissions": ["platform_data/pipeline:read"]}, "permissions"),
        ({"permissions": ["resource:read"]}, "permissions"),
        ({"permissions": [READ]}, "permissions"),
        ({"types": ["translation"]}, "types"),
        ({"types": ["nothing"]}, "types"),
    ],
)
def test_a_module_takes_only_what_is_its_products_and_no_others(
    world: World, values: dict[str, Any], field: str
) -> None:
    product, before = Application.objects.get(code="product"), traces()
    with pytest.raises(errors.Invalid) as refused:
        _put(world, module_put, application=product, code="mine", values={"label": "Mine"} | values)
    assert set(refused.value.fields) == {field}
    assert (traces(), Module.objects.filter(code="mine").count()) == (before, 0)


def test_only_who_runs_the_installation_registers(house: House, world: World) -> None:
    product, before = Application.objects.get(code="product"), traces()
    for actor in (actor_of(world.manager), house.inside(house.owner), actor_of(world.stranger)):
        acts: list[Any] = [
            lambda who=actor: application_put(actor=who, code="shop", label="Shop"),
            lambda who=actor: type_put(actor=who, application=product, code="order", values={}),
            lambda who=actor: module_put(actor=who, application=product, code="mine", values={}),
        ]
        for act in acts:
            with context.acting(actor), pytest.raises(errors.Forbidden):
                act()
    assert traces() == before


# --- who uses what ---


def test_adoption_counts_who_has_and_who_uses_a_module(house: House, world: World) -> None:
    other = make_house("Meadow")
    thing = resource(house, type_="platform_data/pipeline")
    run_of(house, thing)
    run_of(house, thing)
    resource(other, type_="platform_data/connector")
    pipelines = module("pipelines", "platform_data")
    switch(other, is_on=False, which=pipelines)
    with context.system("a test"):
        found = {one.module.code: one for one in module_selectors.adoption(context.actor())}
    one = found["pipelines"]
    assert (one.has, one.runs, one.resources) == (1, 2, 2)
    assert [(use.label, use.runs, use.resources) for use in one.uses] == [("Harbour", 2, 1), ("Meadow", 0, 1)]
    assert (found["translations"].has, found["translations"].uses) == (2, [])
    client = signed_in(world.manager)
    page = client.get(f"/platform/modules/{pipelines.pk}")
    assert page.status_code == 200
    assert b"Harbour" in page.content
    assert client.get("/platform/modules").status_code == 200
    assert client.get(f"/platform/modules/{house.id}").status_code == 404
    assert signed_in(world.stranger).get("/platform/modules").status_code == 403
