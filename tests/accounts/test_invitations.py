"""Invitations: made, sent again, withdrawn, accepted once; silent about who exists; and who may not."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from accounts.errors import InvitationForAnother, InvitationGone
from accounts.models import Invitation, Membership, User
from accounts.services import invitations as services
from accounts.services.memberships import roles_by_code
from accounts.services.organisations import organisation_suspend
from audit.models import Event
from portal.kit import clock, context, errors
from portal.kit.context import ANONYMOUS, Context
from portal.kit.models import OutboundMessage
from rbac.errors import CannotDelegate
from tests.accounts.organisation_world import House, codes_of, make_house, role_of, traces
from tests.factories import PASSWORD, World, actor_of, person, signed_in

ANYBODY = Context(actor=ANONYMOUS, source="request")


def _invite(house: House, address: str = "new@example.com", role: str = "editor") -> tuple[Invitation, str]:
    """An open invitation and the token of its mail."""
    with context.acting(house.inside(house.admin)) as current:
        done = services.invitations_create(
            actor=current.actor, organisation=house.organisation, addresses=[address], role=roles_by_code()[role]
        )
    return done.sent[0], _token(address)


def _token(address: str) -> str:
    text = OutboundMessage.objects.filter(address__iexact=address).latest("id").text
    found = re.search(r"/invitations/(\S+)", text)
    assert found is not None
    return found[1]


def _join(token: str, username: str = "newcomer") -> User:
    with context.use(ANYBODY):
        user, _house = services.invitation_join(
            token=token, name="New Comer", username=username, password="a-long-and-unusual-sentence"
        )
    return user


@pytest.mark.django_db
def test_many_addresses_are_invited_at_once_and_known_ones_left_alone() -> None:
    house = make_house()
    _invite(house)
    wanted = ["a@example.com", " B@example.com ", "b@EXAMPLE.com", "", house.viewer.email, "NEW@example.com"]
    with context.acting(house.inside(house.admin)) as current:
        done = services.invitations_create(
            actor=current.actor, organisation=house.organisation, addresses=wanted, role=roles_by_code()["viewer"]
        )

    assert [row.email for row in done.sent] == ["a@example.com", "B@example.com"]
    assert [address for address, _why in done.skipped] == [house.viewer.email, "NEW@example.com"]
    assert codes_of(done.sent[0].pk) == ["accounts.invitation.created"]
    event = Event.objects.get(target_id=done.sent[0].pk)
    assert event.organisation_id == house.id
    assert "a@example.com" not in str(event.changes), "an address is personal and stands in no clear part"
    mail = OutboundMessage.objects.get(address="a@example.com")
    assert "Acme" in mail.subject
    assert _token("a@example.com").encode() not in bytes(done.sent[0].digest)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "addresses", [[], ["  "], ["nobody"], ["a@example.com", "b@"], [f"p{n}@example.com" for n in range(201)]]
)
def test_unfit_addresses_invite_nobody_at_all(addresses: list[str]) -> None:
    house = make_house()
    before = traces()
    with pytest.raises(errors.Invalid) as caught, context.acting(house.inside(house.admin)) as current:
        services.invitations_create(
            actor=current.actor, organisation=house.organisation, addresses=addresses, role=roles_by_code()["viewer"]
        )
    assert set(caught.value.fields) == {"addresses"}
    assert (traces(), Invitation.objects.count()) == (before, 0)


@pytest.mark.django_db
def test_lower_roles_invite_nobody_and_nobody_invites_above_the_own_rank() -> None:
    house = make_house()
    before = traces()
    for who, role, error in (("editor", "viewer", errors.Forbidden), ("admin", "owner", CannotDelegate)):
        inside = house.inside(getattr(house, who))
        with pytest.raises(error), context.acting(inside):
            services.invitations_create(
                actor=inside, organisation=house.organisation, addresses=["a@example.com"], role=roles_by_code()[role]
            )
    assert (traces(), Invitation.objects.count()) == (before, 0)


@pytest.mark.django_db
def test_a_new_person_joins_with_an_own_password_and_the_link_is_spent() -> None:
    house = make_house()
    invitation, token = _invite(house)
    user = _join(token)

    assert (user.email, user.must_change_password) == ("new@example.com", False)
    assert user.check_password("a-long-and-unusual-sentence")
    assert role_of(user, house.organisation) == ["editor"]
    assert codes_of(invitation.pk)[-1] == "accounts.invitation.accepted"
    assert Event.objects.get(target_id=user.pk, code="accounts.user.created").reason == "invited"
    with pytest.raises(InvitationGone):
        _join(token, "another")
    assert not User.objects.filter(username="another").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("username", "password", "field"),
    [("no blanks", "a-long-and-unusual-sentence", "username"), ("newcomer", "short", "new")],
)
def test_an_unfit_answer_spends_nothing(username: str, password: str, field: str) -> None:
    house = make_house()
    _invitation, token = _invite(house)
    before = traces()
    with pytest.raises(errors.Invalid) as caught, context.use(ANYBODY):
        services.invitation_join(token=token, name="New", username=username, password=password)
    assert set(caught.value.fields) == {field}
    assert traces() == before
    assert _join(token).email == "new@example.com"


@pytest.mark.django_db
def test_an_existing_person_joins_signed_in_and_only_with_the_invited_address() -> None:
    house = make_house()
    invited, other = person("Ina"), person("Otto")
    _invitation, token = _invite(house, invited.email.upper())
    before = traces()
    with pytest.raises(InvitationForAnother), context.acting(actor_of(other)) as current:
        services.invitation_accept(actor=current.actor, token=token)
    with pytest.raises(InvitationGone):
        _join(token)
    assert traces() == before
    with context.acting(actor_of(invited)) as current:
        assert services.invitation_accept(actor=current.actor, token=token) == house.organisation
        with pytest.raises(InvitationGone):
            services.invitation_accept(actor=current.actor, token=token)
    assert role_of(invited, house.organisation) == ["editor"]
    assert role_of(other, house.organisation) == []


@pytest.mark.django_db
def test_sending_again_replaces_the_link_and_withdrawing_kills_it() -> None:
    house = make_house()
    invitation, first = _invite(house)
    with context.acting(house.inside(house.admin)) as current:
        services.invitation_resend(actor=current.actor, invitation=invitation)
    second = _token("new@example.com")
    assert second != first
    with pytest.raises(InvitationGone):
        _join(first)
    with context.acting(house.inside(house.admin)) as current:
        services.invitation_revoke(actor=current.actor, invitation=invitation)
        with pytest.raises(InvitationGone):
            services.invitation_resend(actor=current.actor, invitation=invitation)
    with pytest.raises(InvitationGone):
        _join(second)
    assert codes_of(invitation.pk) == [
        "accounts.invitation.created",
        "accounts.invitation.resent",
        "accounts.invitation.revoked",
    ]
    assert not User.objects.filter(email="new@example.com").exists()


@pytest.mark.django_db
def test_an_invitation_ends_after_a_week_and_makes_room_for_another() -> None:
    house = make_house()
    invitation, token = _invite(house)
    with clock.at(clock.now() + timedelta(days=7, seconds=1)):
        with pytest.raises(InvitationGone):
            _join(token)
        again, _token_of_it = _invite(house)
    assert again.pk != invitation.pk
    assert Invitation.objects.get(pk=invitation.pk).revoked_at is not None


@pytest.mark.django_db
def test_nobody_joins_a_suspended_organisation(world: World) -> None:
    house = make_house()
    _invitation, token = _invite(house)
    with context.acting(actor_of(world.admin)) as current:
        organisation_suspend(actor=current.actor, organisation=house.organisation)
    with pytest.raises(InvitationGone):
        _join(token)
    assert not User.objects.filter(email="new@example.com").exists()


@pytest.mark.django_db
def test_the_link_leads_to_a_form_without_the_token_and_the_form_into_the_organisation() -> None:
    house = make_house()
    _invitation, token = _invite(house)
    client = Client()
    reply = client.get(f"/invitations/{token}")
    assert reply["Location"] == "/invitation"
    assert token not in client.get("/invitation").content.decode()
    sent = {
        "name": "New Comer",
        "username": "newcomer",
        "new": "a-long-and-unusual-sentence",
        "repeat": "a-long-and-unusual-sentence",
    }
    assert client.post("/invitation", {**sent, "repeat": "another"}).status_code == 422
    assert client.post("/invitation", sent)["Location"] == house.url()
    assert client.get(house.url()).status_code == 200, "the session of the new person did not begin"
    joined = User.objects.get(username="newcomer")
    assert role_of(joined, house.organisation) == ["editor"]
    assert joined.email_verified_at is not None
    assert client.get("/invitation").status_code == 404


@pytest.mark.django_db
def test_dead_links_are_told_alike_and_who_has_an_account_signs_in() -> None:
    house = make_house()
    known = person("Ina")
    _first, spent = _invite(house)
    _join(spent)
    pages = [Client().get(f"/invitations/{token}") for token in (spent, "x" * 43, "nonsense")]
    assert {page.status_code for page in pages} == {404}
    _second, token = _invite(house, known.email)
    client = Client()
    client.get(f"/invitations/{token}")
    assert "/sign-in?next=/invitation" in client.get("/invitation").content.decode()
    client.post("/sign-in", {"identifier": known.username, "password": PASSWORD})
    assert client.post("/invitation")["Location"] == house.url()
    assert role_of(known, house.organisation) == ["editor"]


@pytest.mark.django_db
def test_the_page_invites_resends_and_withdraws() -> None:
    house = make_house()
    client = signed_in(house.admin)
    url = house.url("invitations")
    reply = client.post(url, {"addresses": "a@example.com, b@example.com", "role": "viewer"})
    assert reply.status_code == 302
    assert client.post(url, {"addresses": "nobody", "role": "viewer"}).status_code == 422
    key = str(Invitation.objects.get(email="a@example.com").pk)
    assert "a@example.com" in client.get(url).content.decode()
    assert client.post(url, {"do": "resend", "invitation": key}).status_code == 302
    assert client.post(url, {"do": "revoke", "invitation": key}).status_code == 302
    assert Invitation.objects.get(pk=key).revoked_at is not None


@pytest.mark.django_db
def test_an_invitation_of_another_organisation_is_not_found() -> None:
    here, there = make_house("Acme"), make_house("Other")
    invitation, _token_of_it = _invite(there)
    before = traces()
    client = signed_in(here.owner)
    for act in ("resend", "revoke"):
        reply = client.post(here.url("invitations"), {"do": act, "invitation": str(invitation.pk)})
        assert reply.status_code == 404
    own = signed_in(person()).post("/me/organisations", {"do": "accept", "invitation": str(invitation.pk)})
    assert own.status_code == 404
    assert traces() == before


def test_a_link_used_twice_at_once_makes_one_member(own_database: dict[str, str]) -> None:
    house = make_house()
    _invitation, token = _invite(house)
    start = Barrier(2)

    def run(username: str) -> str:
        try:
            start.wait(20)
            _join(token, username)
        except errors.StewardError as error:
            return type(error).__name__
        finally:
            connection.close()
        return "joined"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(run, ["newcomer", "doppelganger"]))

    assert outcomes == ["InvitationGone", "joined"]
    assert User.objects.filter(email="new@example.com").count() == 1
    assert Membership.objects.filter(organisation=house.organisation, user__email="new@example.com").count() == 1


def test_a_known_person_that_accepts_twice_at_once_is_one_member(own_database: dict[str, str]) -> None:
    house, known = make_house(), person("Ina")
    invitation, token = _invite(house, known.email)
    start = Barrier(4)

    def run(number: int) -> str:
        try:
            start.wait(20)
            with context.acting(actor_of(known)) as current:
                if number % 2:
                    services.invitation_accept(actor=current.actor, token=token)
                else:
                    services.invitation_accept_own(actor=current.actor, invitation_id=invitation.pk)
        except errors.StewardError as error:
            return type(error).__name__
        finally:
            connection.close()
        return "joined"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(run, range(4)))
    assert outcomes == ["InvitationGone"] * 3 + ["joined"]
    assert Membership.objects.filter(organisation=house.organisation, user=known).count() == 1
