"""Many invitations: looked at line by line, sent at once or by a job; and what an invitation is worth at acceptance."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.errors import AddressUnverified, InvitationForAnother, InvitationGone, RegistrationClosed
from accounts.models import Invitation, User
from accounts.services import invitations as services
from accounts.services.memberships import membership_remove, membership_role_set, membership_suspend, roles_by_code
from audit.models import Event
from maintenance.models import JobRun
from portal.kit import clock, context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import INSTALLATION, Role
from tests.accounts.helpers import text_of, view_by
from tests.accounts.organisation_world import House, make_house, role_of
from tests.accounts.organisation_world import traces as house_traces
from tests.accounts.registration_world import PASSWORD, answered, mails, opened, token_to
from tests.factories import World, actor_of, person, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]


def _many(house: House, **sent: Any) -> Any:
    return signed_in(house.admin).post(house.url("invitations/many"), {"role": "viewer", **sent})


def _invited(house: House, by: User, address: str, role: str = "editor") -> str:
    with context.acting(house.inside(by)) as current:
        services.invitations_create(
            actor=current.actor, organisation=house.organisation, addresses=[address], role=roles_by_code()[role]
        )
    return token_to(address)


# --- the preview ---


def test_the_preview_names_every_line_that_is_left_out_with_its_reason_and_sends_nothing() -> None:
    house = make_house()
    _invited(house, house.admin, "waits@example.org")
    before = house_traces()
    lines = ["a@example.org", "", "nobody", "A@EXAMPLE.org", house.viewer.email, "waits@example.org", "аda@example.org"]
    page = _many(house, addresses="\n".join(lines))
    assert page.status_code == 200
    refused = page.context["refused"]
    assert [(row.line, row.value) for row in refused] == [
        (3, "nobody"),
        (4, "A@example.org"),
        (5, house.viewer.email),
        (6, "waits@example.org"),
        (7, "аda@example.org"),
    ]
    for row, says in zip(refused, ("not an e-mail", "Line 1", "member already", "open inv", "another"), strict=True):
        assert says in row.reason
        assert row.reason in text_of(page)
    assert page.context["ready"] == ("a@example.org",)
    assert house_traces() == before


def test_a_file_and_pasted_addresses_are_read_together() -> None:
    file = SimpleUploadedFile("people.csv", '\ufeffb@example.org\r\n"c@example.org"\r\n'.encode(), "text/csv")
    page = _many(make_house(), addresses="a@example.org; d@example.org", file=file)
    assert set(page.context["ready"]) == {f"{name}@example.org" for name in "abcd"}


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"addresses": ""}, "at least one"),
        ({"addresses": "\n".join(f"p{n}@example.org" for n in range(201))}, "At most 200"),
        ({"file": SimpleUploadedFile("x.csv", b"\xff\xfe\x00a")}, "no text in UTF-8"),
        ({"file": SimpleUploadedFile("x.csv", b"a@example.org\n" * 20_000)}, "too large"),
        ({"addresses": "a@example.org", "role": "super_admin"}, "valid choice"),
        ({"addresses": "a@example.org", "role": "owner"}, "valid choice"),
        ({"addresses": "a@example.org", "role": ""}, "required"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_and_sends_nothing(sent: dict[str, Any], says: str) -> None:
    house = make_house()
    before = house_traces()
    for do in ("", "send"):
        for given in sent.values():
            if hasattr(given, "seek"):
                given.seek(0)
        page = _many(house, **({"addresses": ""} | sent), do=do)
        assert page.status_code == 422
        assert says in text_of(page)
    assert house_traces() == before


def test_a_few_are_sent_at_once_and_only_those_that_can_be() -> None:
    house = make_house()
    reply = _many(house, do="send", addresses=f"a@example.org\nnobody\n{house.viewer.email}\nb@example.org")
    assert (reply.status_code, reply["Location"]) == (302, house.url("invitations"))
    assert sorted(Invitation.objects.values_list("email", flat=True)) == ["a@example.org", "b@example.org"]
    assert JobRun.objects.count() == 0
    assert Event.objects.filter(code="accounts.invitation.created").count() == 2
    assert len(mails("a@example.org")) == 1


def test_more_than_twenty_are_mailed_by_one_job_each_once_with_its_own_link(world: World) -> None:
    house = make_house()
    addresses = [f"p{n}@example.org" for n in range(50)]
    client = signed_in(house.admin)
    reply = client.post(
        house.url("invitations/many"), {"do": "send", "role": "viewer", "addresses": "\n".join(addresses)}
    )
    assert reply.status_code == 302
    made = list(Invitation.objects.all())
    assert len(made) == Event.objects.filter(code="accounts.invitation.created").count() == 50
    assert {row.sent_at for row in made} == {None}
    assert OutboundMessage.objects.count() == 0
    assert "Being sent" in text_of(client.get(house.url("invitations")))
    run = JobRun.objects.get(name="accounts.send_invitations")
    assert "@" not in str(run.args), "addresses stand in no job"
    assert answered() == 1
    run.refresh_from_db()
    assert (run.done, run.total) == (50, 50)
    assert sorted(OutboundMessage.objects.values_list("address", flat=True)) == sorted(addresses)
    assert Invitation.objects.filter(sent_at=None).count() == 0
    with context.system("a test"):
        assert services.invitations_send(organisation_id=house.id) == 0, "a run that comes again sends nothing"
    client = opened(token_to("p7@example.org"), "invitations")
    sent = {"name": "P", "username": "p7", "new": PASSWORD, "repeat": PASSWORD}
    assert client.post("/invitation", sent)["Location"] == house.url()


def test_what_was_withdrawn_before_its_mail_gets_none() -> None:
    house = make_house()
    _many(house, do="send", addresses="\n".join(f"p{n}@example.org" for n in range(25)))
    gone = Invitation.objects.get(email="p3@example.org")
    with context.acting(house.inside(house.admin)) as current:
        services.invitation_revoke(actor=current.actor, invitation=gone)
    answered()
    assert mails("p3@example.org") == []
    assert OutboundMessage.objects.count() == 24


# --- what it is worth when it is accepted ---


def _demoted(house: House) -> None:
    with context.acting(house.inside(house.owner)) as current:
        membership_role_set(
            actor=current.actor, membership=house.membership(house.admin), role=roles_by_code()["viewer"]
        )


def _removed(house: House) -> None:
    with context.acting(house.inside(house.owner)) as current:
        membership_remove(actor=current.actor, membership=house.membership(house.admin))


def _suspended(house: House) -> None:
    with context.acting(house.inside(house.owner)) as current:
        membership_suspend(actor=current.actor, membership=house.membership(house.admin))


def _inactive(house: House) -> None:
    with context.system("a test"), writing():
        User.objects.filter(pk=house.admin.pk).update(is_active=False)


@pytest.mark.parametrize("lose", [_demoted, _removed, _suspended, _inactive])
def test_nobody_hands_on_a_right_that_was_taken_away_meanwhile(lose: Any) -> None:
    house = make_house()
    known = person("Ina")
    new, own = _invited(house, house.admin, "new@example.org"), _invited(house, house.admin, known.email)
    lose(house)
    before = house_traces()
    assert Client().get(f"/invitations/{new}").status_code == 404
    with pytest.raises(InvitationGone), context.use(context.Context()):
        services.invitation_join(token=new, name="New", username="new", password=PASSWORD)
    invitation = Invitation.objects.get(email=known.email)
    with context.acting(actor_of(known)) as current:
        with pytest.raises(InvitationGone):
            services.invitation_accept(actor=current.actor, token=own)
        with pytest.raises(InvitationGone):
            services.invitation_accept_own(actor=current.actor, invitation_id=invitation.pk)
    assert house_traces() == before
    with context.acting(house.inside(house.owner)) as current:
        services.invitation_resend(actor=current.actor, invitation=invitation)
    with context.acting(actor_of(known)) as current:
        services.invitation_accept(actor=current.actor, token=token_to(known.email))
    assert role_of(known, house.organisation) == ["editor"]


def test_what_staff_invited_stays_good_and_dies_with_the_right_of_staff(world: World) -> None:
    house = make_house()
    with context.acting(actor_of(world.admin)) as current:
        services.invitations_create(
            actor=current.actor,
            organisation=house.organisation,
            addresses=["one@example.org", "two@example.org"],
            role=roles_by_code()["owner"],
        )
    sent = {"name": "One", "username": "one", "new": PASSWORD, "repeat": PASSWORD}
    assert opened(token_to("one@example.org"), "invitations").post("/invitation", sent).status_code == 302
    second = token_to("two@example.org")
    with context.system("a test"), writing():
        role = Role.objects.get(catalogue="platform", code="admin")
        rbac.binding_take(person_id=world.admin.pk, role=role, scope_id=INSTALLATION)
    assert Client().get(f"/invitations/{second}").status_code == 404


def test_an_open_invitation_is_taken_without_its_link_only_by_who_proved_the_address() -> None:
    house = make_house()
    user = person("Mistyped", email_verified_at=None)
    token = _invited(house, house.admin, user.email)
    key = str(Invitation.objects.get(email=user.email).pk)
    client = signed_in(user)
    assert client.post("/me/organisations", {"do": "accept", "invitation": key}).status_code == 409
    with pytest.raises(AddressUnverified), context.acting(actor_of(user)) as current:
        services.invitation_accept_own(actor=current.actor, invitation_id=Invitation.objects.get(pk=key).pk)
    assert role_of(user, house.organisation) == []
    client.get(f"/invitations/{token}")
    assert client.post("/invitation")["Location"] == house.url()
    assert User.objects.get(pk=user.pk).email_verified_at is not None


def test_expired_altered_and_other_peoples_links_are_refused_alike() -> None:
    house = make_house()
    token = _invited(house, house.admin, "new@example.org")
    before = house_traces()
    other = signed_in(person("Otto"))
    other.get(f"/invitations/{token}")
    assert other.post("/invitation").status_code == 403
    with pytest.raises(InvitationForAnother), context.acting(actor_of(person("Olga"))) as current:
        services.invitation_accept(actor=current.actor, token=token)
    for dead in (token[:-1], f"{token}x", token.swapcase(), ""):
        assert Client().get(f"/invitations/{dead}").status_code == 404
    with clock.at(clock.now() + timedelta(days=7, seconds=1)):
        assert Client().get(f"/invitations/{token}").status_code == 404
    assert house_traces() == before


def test_where_administrators_make_all_accounts_only_who_has_one_joins(settings: Settings) -> None:
    settings.STEWARD_REGISTRATION = "off"
    house, known = make_house(), person("Ina")
    new, own = _invited(house, house.admin, "new@example.org"), _invited(house, house.admin, known.email)
    page = opened(new, "invitations").get("/invitation")
    assert "made by administrators" in text_of(page)
    assert 'name="new"' not in page.content.decode()
    with pytest.raises(RegistrationClosed), context.use(context.Context()):
        services.invitation_join(token=new, name="New", username="new", password=PASSWORD)
    client = signed_in(known)
    client.get(f"/invitations/{own}")
    assert client.post("/invitation")["Location"] == house.url()


def test_whoever_only_looks_on_joins_nothing() -> None:
    house, known, staff = make_house(), person("Ina"), person("Staff", role="admin")
    token = _invited(house, house.admin, known.email)
    client, view = signed_in(known), view_by(staff)
    with context.system("a test"), writing():
        known.sessions.update(**view)
    client.get(f"/invitations/{token}")
    reply = client.post("/invitation")
    assert reply.status_code == 403
    assert "This belongs to the person alone" in text_of(reply)
    assert role_of(known, house.organisation) == []


def test_whoever_is_invited_without_a_role_becomes_a_viewer() -> None:
    house = make_house()
    client = signed_in(house.admin)
    assert '<option value="viewer" selected>' in client.get(house.url("invitations")).content.decode()
    path = f"/api/v1/organisations/{house.id}/invitations"
    reply = client.post(
        path,
        {"addresses": ["new@example.org"]},
        content_type="application/json",
        headers={"Steward-Organisation": str(house.id)},
    )
    assert reply.status_code == 200
    assert Invitation.objects.get().role.code == "viewer"


def test_whoever_has_a_duty_first_is_led_to_it_and_joins_afterwards() -> None:
    house, known = make_house(), person("Ina", must_change_password=True)
    token = _invited(house, house.admin, known.email)
    client = signed_in(known)
    client.get(f"/invitations/{token}")
    assert client.post("/invitation")["Location"] == "/me/password?next=/invitation"
    assert role_of(known, house.organisation) == []
    with context.system("a test"), writing():
        User.objects.filter(pk=known.pk).update(must_change_password=False)
    assert client.post("/invitation")["Location"] == house.url()
