"""Roles as data."""

import pytest
import yaml

from audit.models import Event
from portal.kit import context, registry
from portal.kit.services import writing
from rbac import catalogue, services
from rbac.models import Application, Permission, Role, RolePermission

ACTIONS = {"c": "create", "r": "read", "u": "update", "d": "delete", "x": "execute", "a": "admin"}
FIRST_PENDING = 45  # When the list was first written. It may only shrink.


def _data() -> dict[str, dict[str, object]]:
    loaded: dict[str, dict[str, object]] = yaml.safe_load((catalogue.DATA / "roles.yaml").read_text("utf-8"))
    return loaded


def test_the_product_catalogue_has_the_counts_that_were_agreed() -> None:
    product = _data()["product"]
    roles = product["roles"]
    assert isinstance(roles, dict)
    counts = {
        name: sum(len(set(letters) & ACTIONS.keys()) for letters in rights.values()) for name, rights in roles.items()
    }
    assert counts == {"admin": 28, "developer": 18, "operator": 6, "auditor": 8, "viewer": 2}
    resources, actions = product["resources"], product["actions"]
    assert isinstance(resources, list)
    assert isinstance(actions, list)
    assert len(resources) * len(actions) == 48


def test_host_products_come_with_every_code_and_the_roles_that_were_agreed() -> None:
    hosts = {host.code: host for host in catalogue.hosts()}
    assert {code: len(host.codes) for code, host in hosts.items()} == {"product": 48, "platform_data": 60}
    assert {role.code: len(role.codes) for role in hosts["product"].roles} == {
        "admin": 28,
        "developer": 18,
        "operator": 6,
        "auditor": 8,
        "viewer": 2,
    }
    assert all("/" in code for host in hosts.values() for code in host.codes)


@pytest.mark.django_db
def test_host_products_are_loaded_with_their_roles_and_navigation() -> None:
    product, data = (Application.objects.get(code=code) for code in catalogue.HOSTS)
    assert Permission.objects.filter(application=product).count() == 48
    assert RolePermission.objects.filter(role__application=product, role__code="admin").count() == 28
    assert Role.objects.get(application=data, code="developer").inherits == Role.objects.get(
        application=data, code="admin"
    )
    assert data.navigation["executor"] == ["dashboard", "monitoring", "pipeline_runs"]
    assert data.navigation["admin"] == "all"
    lowest = Role.objects.get(catalogue="organisation", code="viewer").rank
    assert Role.objects.exclude(application=None).filter(rank__gte=lowest).count() == 0


@pytest.mark.django_db
def test_a_product_that_was_tampered_with_is_brought_back_and_the_trail_says_so() -> None:
    product = Application.objects.get(code="product")
    with context.system("a test") as current:
        with writing():
            Application.objects.filter(pk=product.pk).update(label="Something else")
        services.roles_apply(actor=current.actor)
    event = Event.objects.filter(code="rbac.application.applied", target_id=product.pk).latest("id")
    assert event.changes["label"] == ["Something else", "Product"]


def test_the_pending_list_only_shrinks_and_names_nothing_that_stands() -> None:
    pending = catalogue.pending_codes()
    assert len(pending) <= FIRST_PENDING
    assert pending & {spec.code for spec in registry.permissions} == set()
    named = {code for name in catalogue.LOADED for role in _data()[name]["order"] for code in _data()[name][role]}  # type: ignore[attr-defined]
    assert pending <= named


def test_every_code_that_stands_belongs_to_a_ready_made_role() -> None:
    held = set().union(*(spec.codes for spec in catalogue.roles()))
    assert {spec.code for spec in registry.permissions} == held


def test_each_role_inherits_the_next_lower_one() -> None:
    chains = {(spec.catalogue, spec.code): spec.inherits for spec in catalogue.roles()}
    assert chains["platform", "super_admin"] == "admin"
    assert chains["platform", "user"] is None
    assert chains["platform", "developer"] == "admin"
    assert chains["organisation", "owner"] == "admin"


@pytest.mark.django_db
def test_applying_twice_changes_nothing_the_second_time() -> None:
    with context.system("a test") as current:
        assert services.roles_apply(actor=current.actor) == {"permissions": 0, "roles": 0}
    assert Permission.objects.filter(application=None).count() == len(registry.permissions)


@pytest.mark.django_db
def test_a_role_that_was_tampered_with_is_brought_back_and_the_trail_says_so() -> None:
    manager = Role.objects.get(catalogue="platform", code="manager")
    with context.system("a test") as current:
        with writing():
            RolePermission.objects.filter(role=manager).delete()
        assert services.roles_apply(actor=current.actor) == {"permissions": 0, "roles": 1}
    event = Event.objects.filter(code="rbac.role.applied", target_id=manager.pk).latest("id")
    assert event.changes["permissions"][0] == []
    assert "user:read" in event.changes["permissions"][1]
