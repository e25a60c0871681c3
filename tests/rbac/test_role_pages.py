"""Pages of roles: making, the matrix with its preview, giving and taking, comparing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from rbac.models import Binding, Role, RolePermission, UserGrant
from rbac.role_presenters import cell_name
from tests.accounts.organisation_world import House, make_house, traces
from tests.factories import World
from tests.rbac.roles_world import bind, make_resource, make_role, make_team, make_workspace, ready

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


def _text(reply: Any) -> str:
    return str(reply.content.decode())


def _rights(role: Role) -> set[str]:
    return set(RolePermission.objects.filter(role=role).values_list("permission__code", flat=True))


def _matrix(house: House, part: str = "") -> str:
    return house.url("roles/matrix") + (f"?part={part}" if part else "")


def test_a_role_is_made_edited_and_deleted_on_its_pages(browser_of: Browser) -> None:
    house = make_house()
    client, here = browser_of(house.owner), house.url("roles")
    sent = {"label": "Dock master", "code": "", "description": "Ships", "rank": "10", "source": "", "inherits": ""}
    reply = client.post(f"{here}/new", sent)
    role = Role.objects.get(organisation_id=house.id)
    assert (reply.status_code, reply["Location"]) == (302, f"{here}/{role.pk}")
    assert client.post(f"{here}/new", sent).status_code == 422
    assert Role.objects.filter(organisation_id=house.id).count() == 1
    changed = sent | {"label": "Quay master", "rank": "20", "inherits": str(ready("viewer").pk)}
    assert client.post(f"{here}/{role.pk}/edit", changed).status_code == 302
    role.refresh_from_db()
    assert (role.label, role.code, role.rank, role.inherits) == ("Quay master", "dock-master", 20, ready("viewer"))
    assert client.post(f"{here}/{role.pk}/delete").status_code == 302
    assert not Role.objects.filter(pk=role.pk).exists()
    codes = Event.objects.filter(target_id=role.pk).order_by("id").values_list("code", flat=True)
    assert list(codes) == ["rbac.role.created", "rbac.role.updated", "rbac.role.deleted"]


def test_a_copy_starts_with_all_rights_of_its_source(browser_of: Browser) -> None:
    house = make_house()
    client, source = browser_of(house.owner), ready("viewer")
    form = _text(client.get(f"{house.url('roles/new')}?copy={source.pk}"))
    assert f'value="{source.pk}" selected' in form
    sent = {"label": "Guest", "description": "", "rank": "10", "source": str(source.pk), "inherits": ""}
    assert client.post(house.url("roles/new"), sent).status_code == 302
    assert _rights(Role.objects.get(label="Guest")) == _rights(source)


def test_a_role_that_is_held_says_why_it_stays(browser_of: Browser) -> None:
    house = make_house()
    role = make_role(house, "member:read")
    bind(house, house.viewer, role)
    reply = browser_of(house.owner).post(house.url(f"roles/{role.pk}/delete"))
    assert reply.status_code == 409
    assert "This role is in use" in _text(reply)
    assert Role.objects.filter(pk=role.pk).exists()


def test_the_page_of_a_role_tells_rights_where_they_come_from_and_holders(browser_of: Browser) -> None:
    house = make_house()
    role = make_role(house, "audit:read", inherits=ready("viewer"), rights={"audit:export": "deny"})
    bind(house, None, role, team=make_team(house, house.viewer))
    client, here = browser_of(house.viewer), house.url(f"roles/{role.pk}")
    text = _text(client.get(here))
    assert "from Viewer" in text
    assert "denied" in text
    assert "Team " in _text(client.get(f"{here}?tab=holders"))


def test_the_matrix_shows_who_gains_and_loses_before_anything_is_saved(browser_of: Browser) -> None:
    house = make_house()
    role = make_role(house, "member:create")
    bind(house, house.viewer, role)
    client = browser_of(house.owner)
    sent = {cell_name(role, "member:create"): "", cell_name(role, "audit:read"): "allow"}
    before = traces(), _rights(role)
    reply = client.post(_matrix(house), sent | {"do": "preview"})
    text = _text(reply)
    assert reply.status_code == 200
    assert house.viewer.name in text
    assert text.count('class="gain"') == text.count('class="loss"') == 1
    assert (traces(), _rights(role)) == before
    assert client.post(_matrix(house), sent | {"do": "back"}).status_code == 200
    assert (traces(), _rights(role)) == before
    assert client.post(_matrix(house), sent | {"do": "save"}).status_code == 302
    assert _rights(role) == {"audit:read"}


def test_the_preview_counts_teams_everybody_and_who_inherits(browser_of: Browser) -> None:
    house = make_house()
    role = make_role(house)
    bind(house, None, role, team=make_team(house, house.viewer, house.editor), scope_id=make_workspace(house).pk)
    bind(house, house.admin, make_role(house, inherits=role))
    client = browser_of(house.owner)
    sent = {cell_name(role, "organisation:delete"): "allow", "do": "preview"}
    text = _text(client.post(_matrix(house), sent))
    for who in (house.viewer, house.editor, house.admin):
        assert who.name in text
    assert text.count('class="gain"') == 3


def test_a_matrix_that_holds_too_much_is_refused_as_a_whole(browser_of: Browser) -> None:
    house = make_house()
    first, second = make_role(house, "member:read"), make_role(house, "member:read")
    sent = {cell_name(first, "audit:read"): "allow", cell_name(second, "organisation:delete"): "allow"}
    for todo in ("preview", "save"):
        reply = browser_of(house.admin).post(_matrix(house), sent | {"do": todo})
        assert reply.status_code == 403
        assert "You cannot give what you do not hold" in _text(reply)
    assert _rights(first) == _rights(second) == {"member:read"}
    assert browser_of(house.owner).post(_matrix(house), sent | {"do": "save"}).status_code == 302
    assert "organisation:delete" in _rights(second)


def test_cells_of_ready_made_roles_and_of_other_organisations_are_not_believed(browser_of: Browser) -> None:
    house, other = make_house(), make_house("Other")
    theirs, viewer = make_role(other, "member:read"), ready("viewer")
    before = _rights(viewer)
    sent = {cell_name(theirs, "audit:read"): "allow", cell_name(viewer, "audit:read"): "allow", "do": "save"}
    assert browser_of(house.owner).post(_matrix(house), sent).status_code == 200
    assert (_rights(theirs), _rights(viewer)) == ({"member:read"}, before)
    role = make_role(house)
    assert (
        browser_of(house.owner).post(_matrix(house), {cell_name(role, "audit:read"): "x", "do": "save"}).status_code
        == 400
    )
    assert browser_of(house.owner).get(_matrix(house, "nothing")).status_code == 404


def test_who_may_not_change_roles_reads_the_matrix(browser_of: Browser) -> None:
    house = make_house()
    role = make_role(house, "member:read")
    client = browser_of(house.viewer)
    text = _text(client.get(_matrix(house, "product")))
    assert "<select class" not in text
    sent = {cell_name(role, "audit:read"): "allow", "do": "save"}
    assert client.post(_matrix(house), sent).status_code == 403
    assert _rights(role) == {"member:read"}


def test_a_role_is_given_ended_and_taken_on_the_page_of_a_person(browser_of: Browser) -> None:
    house = make_house()
    role, here = make_role(house, "member:read"), house.url(f"access/people/{house.viewer.pk}")
    client = browser_of(house.admin)
    sent = {"do": "give", "role": str(role.pk), "effect": "allow", "expires_at": "2038-01-31T08:30", "reason": "Leave"}
    assert client.post(here, sent).status_code == 302
    row = Binding.objects.get(role=role)
    assert (row.user_id, row.scope_id, row.reason) == (house.viewer.pk, house.id, "Leave")
    assert client.post(here, {"do": "end", "binding": str(row.pk), "expires_at": ""}).status_code == 302
    row.refresh_from_db()
    assert row.expires_at is None
    assert role.label in _text(client.get(here))
    assert client.post(here, {"do": "take", "binding": str(row.pk)}).status_code == 302
    assert not Binding.objects.filter(role=role).exists()


def test_roles_and_rights_are_given_on_a_part_to_teams_and_everybody(browser_of: Browser) -> None:
    house = make_house()
    role, target = make_role(house, "member:read"), make_resource(house)
    team, here = make_team(house, house.viewer), house.url(f"access/{target.pk}")
    client = browser_of(house.owner)
    for holder in (f"team:{team.pk}", "everyone"):
        sent = {"do": "give", "holder": holder, "role": str(role.pk), "effect": "allow", "expires_at": "", "reason": ""}
        assert client.post(here, sent).status_code == 302
    assert set(Binding.objects.filter(role=role).values_list("scope_id", flat=True)) == {target.pk}
    right = {"do": "give-right", "holder": f"person:{house.viewer.pk}", "code": "product/project:update"}
    assert client.post(here, right).status_code == 302
    grant = UserGrant.objects.get()
    assert "Project: update" in _text(client.get(here))
    assert client.post(here, {"do": "take-right", "grant": str(grant.pk)}).status_code == 302
    assert not UserGrant.objects.exists()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"do": "nonsense"}, 400),
        ({"do": "give"}, 422),
        ({"do": "give", "holder": "team:nonsense", "role": "x", "effect": "allow"}, 422),
        ({"do": "take", "binding": "nonsense"}, 404),
        ({"do": "take-right", "grant": "01890000-0000-7000-8000-000000000000"}, 404),
        ({"do": "give-right"}, 422),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_given(browser_of: Browser, sent: dict[str, str], status: int) -> None:
    house = make_house()
    before = traces()
    assert browser_of(house.owner).post(house.url("access"), sent).status_code == status
    assert traces() == before


def test_a_viewer_reads_who_holds_what_and_gives_nothing(browser_of: Browser) -> None:
    house = make_house()
    client = browser_of(house.viewer)
    assert house.owner.name in _text(client.get(f"{house.url('access')}?held=members"))
    assert "Give a role" not in _text(client.get(house.url("access")))
    before = traces()
    assert client.post(house.url("access"), {"do": "give"}).status_code == 403
    assert traces() == before


def test_two_roles_and_two_people_are_compared(browser_of: Browser) -> None:
    house, other = make_house(), make_house("Other")
    client = browser_of(house.viewer)
    first, second = ready("viewer"), ready("editor")
    text = _text(client.get(f"{house.url('roles/compare')}?first={first.pk}&second={second.pk}"))
    assert 'class="differs"' in text
    same = _text(client.get(f"{house.url('roles/compare')}?first={first.pk}&second={first.pk}"))
    assert 'class="differs"' not in same
    people = house.url("access/compare")
    text = _text(client.get(f"{people}?first={house.owner.pk}&second={house.viewer.pk}"))
    assert 'class="differs"' in text
    assert client.get(f"{people}?first={other.owner.pk}").status_code == 404


def test_staff_reads_every_ready_made_role(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    for part, word in (("platform", "Super admin"), ("organisation", "Owner"), ("platform_data", "Designer")):
        assert word in _text(client.get(f"/platform/roles?part={part}"))
    assert client.get("/platform/roles?part=custom").status_code == 404
    assert browser_of(world.admin).get("/platform/roles").status_code == 403
