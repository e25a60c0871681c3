"""The Django admin: the same sign-in, the same decision, nothing to write."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import get_resolver

from portal.kit.admin import ServiceAdmin, StewardAdminSite
from rbac.models import Role
from tests.factories import World, person

pytestmark = pytest.mark.django_db
Browse = Callable[..., Client]


def _addresses() -> list[str]:
    role = Role.objects.get(catalogue="platform", code="manager")
    lists = [f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]
    return ["/admin/", *lists, f"/admin/rbac/role/{role.pk}/change/", "/admin/password_change/", "/admin/jsi18n/"]


def test_nobody_reaches_the_admin_without_the_one_sign_in() -> None:
    for url in (*_addresses(), "/admin/login/", "/admin/logout/"):
        for method in ("get", "post"):
            reply = getattr(Client(), method)(url, follow=False)
            assert reply.status_code == 302, (method, url)
            assert reply["Location"].startswith(("/sign-in", "/admin/")), (method, url, reply["Location"])


def test_who_does_not_run_the_installation_is_refused(world: World, browser_of: Browse) -> None:
    for who in (world.admin, world.manager, world.stranger):
        client = browser_of(who)
        for url in _addresses():
            assert client.get(url, follow=True).status_code == 403, (str(who), url)


def test_who_runs_it_may_read_and_finds_nothing_to_write(world: World, browser_of: Browse) -> None:
    client = browser_of(world.root)
    assert client.get("/admin/").status_code == 200
    role = Role.objects.get(catalogue="platform", code="manager")
    page = client.get(f"/admin/rbac/role/{role.pk}/change/")
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    for url in ("/admin/rbac/role/add/", f"/admin/rbac/role/{role.pk}/delete/"):
        assert client.get(url).status_code == 403
        assert client.post(url, {"label": "Taken over"}).status_code == 403
    assert client.post(f"/admin/rbac/role/{role.pk}/change/", {"label": "Taken over"}).status_code == 403
    assert client.post(
        "/admin/rbac/role/", {"action": "delete_selected", "_selected_action": [str(role.pk)]}
    ).status_code in {302, 403, 200}
    assert Role.objects.get(pk=role.pk).label == "Manager"


def test_somebody_with_a_one_time_password_is_not_let_in_by_this_door(browser_of: Browse) -> None:
    newcomer = person("Newcomer", role="super_admin", must_change_password=True)
    reply = browser_of(newcomer).get("/admin/", follow=True)
    assert "Site administration" not in reply.content.decode()
    assert reply.status_code == 403


def test_only_declared_classes_of_ours_are_registered() -> None:
    assert isinstance(admin.site, StewardAdminSite) or isinstance(
        getattr(admin.site, "_wrapped", None), StewardAdminSite
    )
    assert all(isinstance(found, ServiceAdmin) for found in admin.site._registry.values())
    assert get_resolver().resolve("/admin/").namespace == "admin"


def test_an_undeclared_admin_class_stops_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="declares no access"):
        type("Undeclared", (ServiceAdmin,), {"__module__": __name__})
