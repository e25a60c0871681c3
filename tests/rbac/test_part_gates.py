"""Who holds something on one part only: the pages and endpoints open, and show just that part."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from portal.kit import context
from portal.kit.decision import can, holds_somewhere
from portal.kit.services import writing
from rbac.models import Binding, Resource, Workspace
from tests.accounts.organisation_world import House, join, make_house
from tests.rbac.roles_world import bind, make_role, make_workspace
from tests.rbac.tree_house import resource

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


def _text(reply: Any) -> str:
    return str(reply.content.decode())


def _guest(house: House) -> User:
    """A member without the role that members have: what it holds, it holds on parts."""
    user = join(house.organisation, "viewer")
    with context.system("a test"), writing():
        Binding.objects.filter(user=user).delete()
    bind(house, user, make_role(house, "organisation:read"))
    return user


def _main(reply: Any) -> str:
    return _text(reply).split("<main", 1)[1]


def _api(house: House, client: Client, method: str, path: str, body: Any = None) -> Any:
    data = json.dumps(body) if body is not None else ""
    headers = {"Steward-Organisation": str(house.id)}
    return client.generic(method, f"/api/v1/{path}", data, content_type="application/json", headers=headers)


def _two(house: House) -> tuple[Workspace, Workspace, Resource, Resource]:
    mine, other = make_workspace(house, "Quay"), make_workspace(house, "Attic")
    return mine, other, resource(house, "Mine", below=mine.pk), resource(house, "Theirs", below=other.pk)


def test_without_anything_the_pages_are_refused(browser_of: Browser) -> None:
    house = make_house()
    _two(house)
    client = browser_of(_guest(house))
    for page in ("workspaces", "resources", "resources/product/project", "access", "access/holders"):
        assert client.get(house.url(page)).status_code == 403, page
    for path in (f"organisations/{house.id}/workspaces", "resources/product/project"):
        assert _api(house, client, "GET", path).status_code == 403, path
    shown = _text(client.get(house.url())).split("<main")[0]
    assert house.url("workspaces") not in shown
    assert house.url("resources") not in shown


def test_lists_details_counts_and_search_show_the_one_part(browser_of: Browser) -> None:
    house = make_house()
    mine, other, thing, theirs = _two(house)
    guest = _guest(house)
    bind(house, guest, make_role(house, "workspace:read", "resource:read"), scope_id=mine.pk)
    client = browser_of(guest)
    listed = _main(client.get(house.url("workspaces")))
    assert mine.name in listed
    assert other.name not in listed
    assert str(other.pk) not in _main(client.get(f"{house.url('workspaces')}?q=Attic"))
    for page in ("resources", "resources/product/project"):
        found = _main(client.get(house.url(page)))
        assert "Mine" in found
        assert "Theirs" not in found
        reply = client.get(f"{house.url(page)}?format=csv")
        assert reply.status_code == 200, reply.content.decode()[-900:]
        file = reply.getvalue()
        assert b"Mine" in file
        assert b"Theirs" not in file
    assert client.get(house.url(f"workspaces/{mine.pk}")).status_code == 200
    assert client.get(house.url(f"resources/{thing.pk}")).status_code == 200
    for page in (f"workspaces/{other.pk}", f"resources/{theirs.pk}", f"workspaces/{other.pk}/edit"):
        assert client.get(house.url(page)).status_code in {403, 404}, page
    assert client.get(house.url(f"workspaces/{other.pk}")).status_code == 404
    shown = _text(client.get(house.url())).split("<main")[0]
    assert house.url("workspaces") in shown
    assert house.url("resources") in shown
    assert house.url("teams") not in shown


def test_the_api_shows_the_one_part(browser_of: Browser) -> None:
    house = make_house()
    mine, other, thing, theirs = _two(house)
    guest = _guest(house)
    bind(house, guest, make_role(house, "workspace:read", "resource:read"), scope_id=mine.pk)
    client = browser_of(guest)
    here = f"organisations/{house.id}/workspaces"
    assert [row["id"] for row in _api(house, client, "GET", here).json()["items"]] == [str(mine.pk)]
    assert _api(house, client, "GET", f"{here}/{mine.pk}").status_code == 200
    assert _api(house, client, "GET", f"{here}/{other.pk}").status_code == 404
    assert _api(house, client, "POST", here, {"name": "New", "slug": "new-one"}).status_code == 403
    things = "resources/product/project"
    listed = _api(house, client, "GET", things).json()["items"]
    assert [row["external_id"] for row in listed] == [thing.external_id]
    assert _api(house, client, "GET", f"{things}/{theirs.external_id}").status_code == 404
    assert Workspace.objects.count() == 2


def test_a_right_on_one_resource_alone_opens_its_page_and_nothing_above(browser_of: Browser) -> None:
    house = make_house()
    mine, _other, thing, theirs = _two(house)
    guest = _guest(house)
    bind(house, guest, make_role(house, "resource:read"), scope_id=thing.pk)
    client = browser_of(guest)
    assert client.get(house.url(f"resources/{thing.pk}")).status_code == 200
    assert client.get(house.url(f"resources/{theirs.pk}")).status_code == 404
    assert mine.name not in _main(client.get(house.url(f"resources/{thing.pk}")))
    assert client.get(house.url("workspaces")).status_code == 403


def test_who_manages_one_workspace_changes_that_one_only(browser_of: Browser) -> None:
    house = make_house()
    mine, other, _thing, _theirs = _two(house)
    bind(house, house.viewer, make_role(house, "workspace:admin"), scope_id=mine.pk)
    client = browser_of(house.viewer)
    page = _main(client.get(house.url(f"workspaces/{mine.pk}")))
    assert f"workspaces/{mine.pk}/edit" in page
    assert "/edit" not in _main(client.get(house.url(f"workspaces/{other.pk}")))
    sent = {"name": "Renamed", "slug": mine.slug, "description": ""}
    assert client.post(house.url(f"workspaces/{mine.pk}/edit"), sent).status_code == 302
    for act in ("edit", "archive", "delete"):
        reply = client.post(house.url(f"workspaces/{other.pk}/{act}"), sent | {"confirm_word": other.slug})
        assert reply.status_code == 403, act
    assert client.get(house.url(f"workspaces/{other.pk}/edit")).status_code == 403
    assert client.get(house.url("workspaces/new")).status_code == 403
    names = set(Workspace.objects.values_list("name", "archived_at"))
    assert names == {("Renamed", None), (other.name, None)}
    here = f"organisations/{house.id}/workspaces"
    assert _api(house, client, "PATCH", f"{here}/{mine.pk}", {"name": "Again"}).status_code == 200
    assert _api(house, client, "PATCH", f"{here}/{other.pk}", {"name": "Again"}).status_code == 403
    assert set(Workspace.objects.values_list("name", flat=True)) == {"Again", other.name}


def test_who_gives_roles_on_one_workspace_gives_them_there_only(browser_of: Browser) -> None:
    house = make_house()
    mine, other, _thing, _theirs = _two(house)
    bind(house, house.viewer, make_role(house, "role:assign", "workspace:read", rank=20), scope_id=mine.pk)
    role = make_role(house, "workspace:read")
    client = browser_of(house.viewer)
    sent = {"do": "give", "holder": house.editor.username, "role": str(role.pk), "effect": "allow"}
    assert "Give a role" in _main(client.get(house.url(f"access/{mine.pk}")))
    assert "Give a role" not in _main(client.get(house.url(f"access/{other.pk}")))
    assert client.post(house.url(f"access/{mine.pk}"), sent).status_code == 302
    for page in ("access", f"access/{other.pk}"):
        assert client.post(house.url(page), sent).status_code == 403, page
    assert list(Binding.objects.filter(role=role).values_list("scope_id", flat=True)) == [mine.pk]
    body = {"role_id": str(role.pk), "user_id": str(join(house.organisation, "viewer").pk)}
    path = f"organisations/{house.id}/bindings"
    assert _api(house, client, "POST", path, body).status_code == 403
    assert _api(house, client, "POST", path, body | {"scope_id": str(other.pk)}).status_code == 403
    assert _api(house, client, "POST", path, body | {"scope_id": str(mine.pk)}).status_code == 201


def test_who_sees_members_on_one_part_sees_what_is_held_there_only(browser_of: Browser) -> None:
    house = make_house()
    mine, other, _thing, _theirs = _two(house)
    guest = _guest(house)
    bind(house, guest, make_role(house, "member:read", "workspace:read"), scope_id=mine.pk)
    bind(house, house.editor, make_role(house, "workspace:read"), scope_id=mine.pk)
    bind(house, house.admin, make_role(house, "workspace:read"), scope_id=other.pk)
    client = browser_of(guest)
    shown = _main(client.get(house.url(f"access/{mine.pk}")))
    assert house.editor.name in shown
    assert client.get(house.url(f"access/{other.pk}")).status_code == 403
    assert client.get(house.url("access")).status_code == 403
    assert client.get(house.url("members")).status_code == 403
    listed = _api(house, client, "GET", f"organisations/{house.id}/bindings").json()["items"]
    assert {row["scope_id"] for row in listed} == {str(mine.pk)}


def test_a_role_that_is_taken_closes_the_pages_with_the_next_request(browser_of: Browser) -> None:
    house = make_house()
    mine, *_rest = _two(house)
    guest = _guest(house)
    row = bind(house, guest, make_role(house, "workspace:read"), scope_id=mine.pk)
    client, actor = browser_of(guest), house.inside(guest)
    assert client.get(house.url("workspaces")).status_code == 200
    assert holds_somewhere(actor, "workspace:read")
    assert not can(actor, "workspace:read")
    with context.system("a test"), writing():
        Binding.objects.filter(pk=row.pk).delete()
    assert client.get(house.url("workspaces")).status_code == 403


def test_what_is_held_elsewhere_or_by_a_key_without_the_scope_opens_nothing() -> None:
    house, other = make_house(), make_house("Other")
    guest = _guest(house)
    bind(other, other.viewer, make_role(other, "workspace:admin"), scope_id=make_workspace(other).pk)
    bind(house, guest, make_role(house, "workspace:read"), scope_id=make_workspace(house).pk)
    keyed = replace(house.inside(guest), scopes=frozenset({"resource:read"}))
    assert not holds_somewhere(keyed, "workspace:read")
    assert not holds_somewhere(replace(house.inside(other.viewer)), "workspace:admin")
    assert not holds_somewhere(house.inside(guest), "workspace:admin")
