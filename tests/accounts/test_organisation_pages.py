"""Pages of organisations: four people at every door, and what their buttons do."""

import pytest
from django.test import Client

from accounts.models import Invitation, Membership, Organisation
from tests.accounts.organisation_world import House, join, make_house, role_of, traces
from tests.factories import World, person, signed_in

pytestmark = pytest.mark.django_db

INSIDE = ("", "members", "invitations", "settings")


def _status(client: Client, url: str) -> int:
    return client.get(url).status_code


def test_a_stranger_and_a_member_of_another_organisation_find_nothing() -> None:
    here, there = make_house("Acme"), make_house("Other")
    for client in (signed_in(person()), signed_in(there.owner)):
        for rest in (*INSIDE, f"members/{here.membership(here.viewer).pk}"):
            assert _status(client, here.url(rest)) == 404, rest
    assert _status(Client(), here.url("members")) == 302


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("owner", [200, 200, 200, 200]),
        ("admin", [200, 200, 200, 200]),
        ("editor", [200, 200, 403, 200]),
        ("viewer", [200, 200, 403, 200]),
    ],
)
def test_each_role_enters_what_is_its(who: str, expected: list[int]) -> None:
    house = make_house()
    client = signed_in(getattr(house, who))
    assert [_status(client, house.url(rest)) for rest in INSIDE] == expected


def test_a_member_of_another_organisation_is_not_found_under_ones_own() -> None:
    here, there = make_house("Acme"), make_house("Other")
    assert _status(signed_in(here.owner), here.url(f"members/{there.membership(there.viewer).pk}")) == 404


def test_a_suspended_organisation_tells_its_members_so(world: World) -> None:
    house = make_house()
    signed_in(world.admin).post(f"/platform/organisations/{house.id}/suspend", {"reason": "unpaid"})
    reply = signed_in(house.viewer).get(house.url())
    assert reply.status_code == 403
    assert "suspended" in reply.content.decode()


@pytest.mark.parametrize(("who", "expected"), [("admin", 200), ("manager", 200), ("clerk", 403), ("stranger", 403)])
def test_staff_sees_every_organisation(world: World, who: str, expected: int) -> None:
    house = make_house()
    client = signed_in(getattr(world, who))
    key = house.membership(house.viewer).pk
    for url in (
        "/platform/organisations",
        f"/platform/organisations/{house.id}",
        f"/platform/organisations/{house.id}?tab=members",
        f"/platform/organisations/{house.id}/members/{key}",
    ):
        reply = client.get(url)
        assert reply.status_code == expected, url
        if expected == 200:
            assert "Acme" in reply.content.decode(), url


def test_the_tab_of_access_lists_who_holds_the_right_and_why(world: World) -> None:
    house = make_house()
    text = signed_in(world.admin).get(f"/platform/organisations/{house.id}?tab=access").content.decode()
    assert str(house.owner) in text
    assert str(house.admin) in text
    assert str(house.viewer) not in text
    assert signed_in(world.manager).get(f"/platform/organisations/{house.id}?tab=access").status_code == 403


def test_staff_creates_an_organisation_on_its_page(world: World) -> None:
    owner = person("Olga")
    client = signed_in(world.admin)
    assert _status(client, "/platform/organisations/new") == 200
    reply = client.post("/platform/organisations/new", {"name": "Acme", "slug": "acme", "owner": owner.email})
    made = Organisation.objects.get(slug="acme")
    assert reply["Location"] == f"/platform/organisations/{made.pk}"
    assert role_of(owner, made) == ["owner"]

    again = client.post("/platform/organisations/new", {"name": "Acme", "slug": "acme", "owner": "nobody@example.com"})
    assert again.status_code == 422
    assert Organisation.objects.filter(slug="acme").count() == 1


def test_a_manager_changes_no_organisation(world: World) -> None:
    house = make_house()
    client = signed_in(world.manager)
    before = traces()
    for act in ("suspend", "resume", "close", "edit"):
        reply = client.post(f"/platform/organisations/{house.id}/{act}", {"confirm_word": house.organisation.slug})
        assert reply.status_code == 403, act
    assert client.post("/platform/organisations/new", {"name": "X", "slug": "x"}).status_code == 403
    key = house.membership(house.viewer).pk
    assert client.post(f"/platform/organisations/{house.id}/members/{key}", {"do": "remove"}).status_code == 403
    assert traces() == before


def test_closing_needs_the_word(world: World) -> None:
    house = make_house()
    client = signed_in(world.admin)
    url = f"/platform/organisations/{house.id}/close"
    assert client.post(url, {"confirm_word": "yes"}).status_code == 422
    assert Organisation.objects.get(pk=house.id).state == "active"
    assert client.post(url, {"confirm_word": house.organisation.slug}).status_code == 302
    assert Organisation.objects.get(pk=house.id).state == "closed"
    assert _status(signed_in(house.owner), house.url()) == 404
    assert client.post(f"/platform/organisations/{house.id}/resume").status_code == 409


def _member_url(house: House, who: str) -> str:
    return house.url(f"members/{house.membership(getattr(house, who)).pk}")


def test_the_buttons_of_a_member_do_what_they_say() -> None:
    house = make_house()
    client = signed_in(house.admin)
    url = _member_url(house, "viewer")
    assert client.post(url, {"do": "role", "role": "editor"}).status_code == 302
    assert role_of(house.viewer, house.organisation) == ["editor"]
    assert client.post(url, {"do": "suspend"}).status_code == 302
    assert _status(signed_in(house.viewer), house.url()) == 404
    assert client.post(url, {"do": "resume"}).status_code == 302
    assert _status(signed_in(house.viewer), house.url()) == 200
    assert client.post(url, {"do": "remove"})["Location"] == house.url("members")
    assert not Membership.objects.filter(user=house.viewer).exists()
    assert _status(client, url) == 404


@pytest.mark.parametrize("sent", [{"do": "role", "role": "owner"}, {"do": "role"}, {"do": "promote"}, {}])
def test_hostile_forms_of_a_member_change_nothing(sent: dict[str, str]) -> None:
    house = make_house()
    before = traces()
    reply = signed_in(house.admin).post(_member_url(house, "viewer"), sent)
    assert 400 <= reply.status_code < 500
    assert traces() == before


def test_settings_save_transfer_leave_and_close() -> None:
    house = make_house()
    owner = signed_in(house.owner)
    url = house.url("settings")
    assert owner.post(url, {"do": "save", "name": "Acme & Sons", "slug": "acme-sons"})["Location"] == (
        "/o/acme-sons/settings"
    )
    url = "/o/acme-sons/settings"
    assert owner.post(url, {"do": "leave"}).status_code == 409
    key = str(house.membership(house.viewer).pk)
    assert owner.post(url, {"do": "transfer", "member": key}).status_code == 302
    assert role_of(house.viewer, house.organisation) == ["owner"]
    assert owner.post(url, {"do": "leave"})["Location"] == "/me/organisations"
    assert signed_in(house.admin).post(url, {"do": "close", "confirm_word": "acme-sons"}).status_code == 403
    closer = signed_in(house.viewer)
    assert closer.post(url, {"do": "close", "confirm_word": "wrong"}).status_code == 422
    assert closer.post(url, {"do": "close", "confirm_word": "acme-sons"}).status_code == 302
    assert Organisation.objects.get(pk=house.id).state == "closed"


def test_ones_own_organisations_can_be_entered_left_and_joined() -> None:
    here, there = make_house("Acme"), make_house("Other")
    join(there.organisation, "viewer", here.viewer)
    client = signed_in(here.viewer)
    text = client.get("/me/organisations").content.decode()
    assert here.url() in text
    assert there.url() in text
    assert client.post("/me/organisations", {"do": "leave", "organisation": str(there.id)}).status_code == 302
    assert there.url() not in client.get("/me/organisations").content.decode()

    signed_in(there.admin).post(there.url("invitations"), {"addresses": here.viewer.email, "role": "editor"})
    key = Invitation.objects.get(organisation=there.organisation).pk
    assert "Other" in client.get("/me/organisations").content.decode()
    reply = client.post("/me/organisations", {"do": "accept", "invitation": str(key)})
    assert reply["Location"] == there.url()
    assert role_of(here.viewer, there.organisation) == ["editor"]


@pytest.mark.parametrize("sent", [{"do": "leave", "organisation": "x"}, {"do": "leave"}, {"do": "accept"}, {}])
def test_hostile_forms_of_ones_own_page_change_nothing(sent: dict[str, str]) -> None:
    house = make_house()
    before = traces()
    assert 400 <= signed_in(house.viewer).post("/me/organisations", sent).status_code < 500
    assert traces() == before


def test_the_last_owner_cannot_leave_from_ones_own_page_either() -> None:
    house = make_house()
    reply = signed_in(house.owner).post("/me/organisations", {"do": "leave", "organisation": str(house.id)})
    assert reply.status_code == 409
    assert "owner" in reply.content.decode()
    assert role_of(house.owner, house.organisation) == ["owner"]
