"""Looking at a change before it is made: in the dialogs, on the page that asks what if, and for the installation."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from portal.kit import context
from portal.kit.services import writing
from rbac.models import Binding, RolePermission, TeamMember, UserGrant
from tests.accounts.organisation_world import join, make_house, role_of, traces
from tests.factories import World
from tests.rbac.roles_world import bind, make_resource, make_role, make_team, make_workspace

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


def _text(reply: Any) -> str:
    return str(reply.content.decode())


def _kept() -> Any:
    grants = list(UserGrant.objects.order_by("pk").values_list("pk", flat=True))
    rights = list(RolePermission.objects.order_by("pk").values_list("pk", "effect"))
    return traces(), grants, rights, TeamMember.objects.count()


def _asked(client: Client, url: str, sent: dict[str, Any]) -> Any:
    """Ask, and see that nothing is changed by it."""
    before = _kept()
    reply = client.post(url, sent)
    assert _kept() == before, "a look changed something"
    return reply


def _doing(text: str) -> tuple[str, dict[str, str]]:
    """The form that does it: address and fields."""
    form = re.search(r'<form method="post"\s+action="([^"]+)"\s+class="after-look">(.*?)</form>', text, re.S)
    assert form, "there is no button to do it"
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[2])
    return form[1].replace("&amp;", "&"), {name: value for name, value in fields if name != "csrfmiddlewaretoken"}


def test_the_dialog_tells_who_gains_before_a_role_is_given(browser_of: Browser) -> None:
    house = make_house()
    client, role = browser_of(house.owner), make_role(house, "member:create")
    sent = {"do": "give", "holder": house.viewer.username, "role": str(role.pk), "effect": "allow", "look": "1"}
    text = _text(_asked(client, house.url("access"), sent))
    assert 'id="give"' in text
    assert "Invite people" in text
    assert text.count('class="gain"') == 2  # The sum, and the one person.
    del sent["look"]
    assert client.post(house.url("access"), sent).status_code == 302
    assert Binding.objects.filter(user=house.viewer, role=role).exists()


def test_htmx_gets_the_answer_alone_and_so_it_does_a_refusal(browser_of: Browser) -> None:
    house = make_house()
    client = browser_of(house.admin)
    sent = {"do": "give", "holder": house.viewer.username, "effect": "deny", "look": "1"}
    sent["role"] = str(make_role(house, "member:read").pk)
    high = make_role(house, "organisation:delete", rank=40)
    before = traces()
    reply = client.post(house.url("access"), sent, headers=HTMX)
    assert reply.status_code == 200
    assert "<html" not in _text(reply)
    assert 'class="loss"' in _text(reply)
    reply = client.post(house.url("access"), sent | {"role": str(high.pk), "effect": "allow"}, headers=HTMX)
    assert reply.status_code == 200
    assert 'role="alert"' in _text(reply)
    assert traces() == before


def test_taking_a_role_and_a_right_can_be_looked_at(browser_of: Browser) -> None:
    house = make_house()
    client, target = browser_of(house.owner), make_resource(house)
    row = bind(house, house.viewer, make_role(house, "member:create"))
    text = _text(_asked(client, house.url("access"), {"do": "take", "binding": str(row.pk), "look": "1"}))
    assert 'class="loss"' in text
    right = {"do": "give-right", "holder": house.viewer.username, "code": "product/project:update"}
    here = house.url(f"access/{target.pk}")
    assert "gains" in _text(_asked(client, here, right | {"look": "1"}))
    assert client.post(here, right).status_code == 302
    grant = UserGrant.objects.get()
    assert "loses" in _text(_asked(client, here, {"do": "take-right", "grant": str(grant.pk), "look": "1"}))


def test_what_if_a_role_is_given_on_a_part_and_then_given_by_the_same_input(browser_of: Browser) -> None:
    house = make_house()
    client, role, place = browser_of(house.owner), make_role(house, "workspace:admin"), make_workspace(house)
    sent = {"holder": house.viewer.username, "role": str(role.pk), "place": str(place.pk), "effect": "allow"}
    sent |= {"only_addresses": "10.0.0.0/8", "reason": "Stands in"}
    reply = _asked(client, house.url("access/what-if?change=give"), sent)
    assert reply.status_code == 200
    url, fields = _doing(_text(reply))
    assert client.post(url, fields).status_code == 302
    row = Binding.objects.get(role=role)
    assert (row.user_id, row.scope_id, row.reason) == (house.viewer.pk, place.pk, "Stands in")
    assert row.conditions == {"addresses": ["10.0.0.0/8"]}


def test_what_if_a_role_is_taken(browser_of: Browser) -> None:
    house = make_house()
    client, row = browser_of(house.owner), bind(house, house.viewer, make_role(house, "member:create"))
    reply = _asked(client, house.url("access/what-if?change=take"), {"binding": str(row.pk)})
    text = _text(reply)
    assert house.viewer.name in text
    assert "loses" in text
    url, fields = _doing(text)
    assert client.post(url, fields).status_code == 302
    assert not Binding.objects.filter(pk=row.pk).exists()


def test_what_if_somebody_comes_into_a_team(browser_of: Browser) -> None:
    house = make_house()
    client, team, place = browser_of(house.owner), make_team(house), make_workspace(house)
    bind(house, None, make_role(house, "member:create"), team=team)
    bind(house, None, make_role(house, "workspace:admin"), team=team, scope_id=place.pk)
    sent = {"team": str(team.pk), "holder": house.viewer.username}
    text = _text(_asked(client, house.url("access/what-if?change=team"), sent))
    assert "Invite people" in text
    assert place.name in text, "what is gained on a part is not told"
    url, fields = _doing(text)
    assert client.post(url, fields).status_code == 302
    assert TeamMember.objects.filter(team=team, user=house.viewer).exists()


def test_what_if_a_role_says_something_else(browser_of: Browser) -> None:
    house = make_house()
    client, role = browser_of(house.owner), make_role(house, "member:create")
    bind(house, house.viewer, role)
    sent = {"role": str(role.pk), "code": "member:create", "effect": "nothing"}
    text = _text(_asked(client, house.url("access/what-if?change=role"), sent))
    assert house.viewer.name in text
    assert "loses" in text
    url, fields = _doing(text)
    assert client.post(url, fields).status_code == 302
    assert not RolePermission.objects.filter(role=role).exists()


@pytest.mark.parametrize("change", ["give", "take", "team", "role"])
def test_an_empty_question_names_what_is_missing(browser_of: Browser, change: str) -> None:
    house = make_house()
    reply = _asked(browser_of(house.owner), house.url(f"access/what-if?change={change}"), {})
    assert reply.status_code == 422
    assert "after-look" not in _text(reply)


def test_what_if_refuses_what_the_change_would_refuse_and_says_why(browser_of: Browser) -> None:
    house = make_house()
    sent = {"holder": house.viewer.username, "role": "", "effect": "allow"}
    sent["role"] = str(make_role(house, "organisation:delete").pk)
    reply = _asked(browser_of(house.admin), house.url("access/what-if?change=give"), sent)
    assert reply.status_code == 403
    assert "You cannot give what you do not hold" in _text(reply)
    assert "after-look" not in _text(reply)


def test_what_if_is_for_whom_may_make_the_change(browser_of: Browser) -> None:
    house, other = make_house(), make_house("Other")
    client = browser_of(house.viewer)
    for change in ("give", "take", "team", "role"):
        assert client.get(house.url(f"access/what-if?change={change}")).status_code == 403
        assert client.post(house.url(f"access/what-if?change={change}"), {}).status_code == 403
    owner = browser_of(house.owner)
    assert owner.get(house.url("access/what-if?change=nonsense")).status_code == 404
    assert owner.get(other.url("access/what-if")).status_code == 404
    stolen = {"binding": str(bind(other, other.viewer, make_role(other)).pk)}
    assert owner.post(house.url("access/what-if?change=take"), stolen).status_code == 422


def test_what_if_for_the_installation_and_done_by_the_same_input(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    for do, word in (("give", "gains"), ("take", "loses")):
        sent = {"holder": world.stranger.username, "role": "manager", "do": do, "reason": "Stands in"}
        text = _text(_asked(client, "/platform/roles/what-if", sent))
        assert world.stranger.name in text
        assert word in text
        url, fields = _doing(text)
        assert client.post(url, fields).status_code == 302
        held = Binding.objects.filter(user=world.stranger, role__code="manager").exists()
        assert held == (do == "give")
    assert browser_of(world.admin).get("/platform/roles/what-if").status_code == 403


# --- who is meant ---


def _options(client: Client, url: str) -> list[str]:
    return re.findall(r'<option value="([^"]*)">', _text(client.get(url)))


def test_people_and_teams_are_found_as_one_types(browser_of: Browser) -> None:
    house, other = make_house(), make_house("Other")
    team, client = make_team(house), browser_of(house.owner)
    url = house.url("access/holders")
    assert _options(client, f"{url}?holder={house.viewer.name}") == [f"{house.viewer.name} ({house.viewer.username})"]
    assert _options(client, f"{url}?q={team.name}") == [f"{team.name} (team: {team.slug})"]
    assert _options(client, f"{url}?q={other.viewer.name}") == []
    assert "Everybody here" in _options(client, url)
    assert "Everybody here" not in _options(client, f"{url}?people=1")


def test_what_is_suggested_names_the_very_one(browser_of: Browser) -> None:
    house = make_house()
    team, client, here = make_team(house), browser_of(house.owner), house.url("access")
    named: dict[str, dict[str, Any]] = {
        f"{house.viewer.name} ({house.viewer.username})": {"user": house.viewer},
        house.editor.email: {"user": house.editor},
        house.admin.name: {"user": house.admin},
        f"{team.name} (team: {team.slug})": {"team": team},
        "Everybody here": {"everyone": True},
    }
    for text, holder in named.items():
        role = make_role(house, "member:read")
        sent = {"do": "give", "holder": text, "role": str(role.pk), "effect": "allow"}
        assert client.post(here, sent).status_code == 302, text
        assert Binding.objects.filter(role=role, **holder).count() == 1


def test_two_of_one_name_and_strangers_are_not_guessed(browser_of: Browser) -> None:
    house, other = make_house(), make_house("Other")
    twin = join(house.organisation, "viewer")
    with context.system("a test"), writing():
        User.objects.filter(pk=twin.pk).update(name=house.viewer.name)
    role, before = make_role(house, "member:read"), role_of(house.viewer, house.organisation)
    for text in (house.viewer.name, other.viewer.username, f"person:{other.viewer.pk}", "nobody at all", "team:x"):
        sent = {"do": "give", "holder": text, "role": str(role.pk), "effect": "allow"}
        reply = browser_of(house.owner).post(house.url("access"), sent)
        assert reply.status_code == 422, text
        assert 'id="give_holder_error"' in _text(reply)
    assert not Binding.objects.filter(role=role).exists()
    assert role_of(house.viewer, house.organisation) == before


def test_the_page_of_a_person_says_which_role_gives_each_right(browser_of: Browser) -> None:
    house = make_house()
    team = make_team(house, house.viewer)
    role = make_role(house, "member:create")
    bind(house, None, role, team=team)
    bind(house, house.viewer, make_role(house, "workspace:read"), effect="deny")
    text = _text(browser_of(house.owner).get(house.url(f"access/people/{house.viewer.pk}")))
    assert f"{role.label}, through the team {team.name}" in text
    assert "<b>denied</b>" in text


def test_a_look_leaves_no_event_behind(browser_of: Browser) -> None:
    house = make_house()
    sent = {"do": "give", "holder": house.viewer.username, "effect": "allow", "look": "1"}
    sent["role"] = str(make_role(house, "member:create").pk)
    before = Event.objects.exclude(code="accounts.session.started").count()
    browser_of(house.owner).post(house.url("access"), sent)
    assert Event.objects.exclude(code="accounts.session.started").count() == before
