"""What is one's own, over the API: address, picture, consents, a copy of everything, leaving, invitations."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest
from django.test import Client
from PIL import Image
from pytest_django import Settings

from accounts import avatars
from accounts.models import Consent, Membership, Passkey, PeopleImport, User
from accounts.services.developers import developer_role_allow
from maintenance.models import JobRun
from portal.kit import clock, context
from portal.kit.models import OutboundMessage
from rbac import decision
from tests.accounts.factor_helpers import set_session
from tests.accounts.helpers import events, worked
from tests.accounts.organisation_world import House, make_house, role_of
from tests.accounts.recovery_world import key_of
from tests.accounts.registration_world import token_to
from tests.accounts.test_api_organisations import call
from tests.cases.api import NOWHERE
from tests.factories import World, actor_of, person, signed_in

Browser = Callable[[User], Client]
PASSWORD = "four unrelated words are fine"
LONG_AGO = timedelta(minutes=11)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker", "folder")]


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.STEWARD_VAR, settings.MEDIA_ROOT = tmp_path, tmp_path / "uploads"
    return tmp_path


def _stale(user: User) -> Client:
    client = signed_in(user)
    set_session(client, confirmed_at=clock.now() - LONG_AGO)
    return client


def _me(client: Client, method: str, part: str, body: Any = None) -> Any:
    return call(client, method, f"/api/v1/users/me/{part}", body)


def _wrong(reply: Any) -> set[str]:
    return {one["field"] for one in reply.json()["errors"]}


def test_an_address_changes_when_both_have_agreed(world: World) -> None:
    client, before = signed_in(world.clerk), world.clerk.email
    assert _me(client, "GET", "address").json() == {
        "email": before,
        "verified_at": _me(client, "GET", "address").json()["verified_at"],
        "change": None,
    }
    asked = _me(client, "POST", "address", {"email": "new@example.org"})
    assert (asked.status_code, asked.json()["email"], asked.json()["change"]["email"]) == (
        202,
        before,
        "new@example.org",
    )
    old, new = token_to(before), token_to("new@example.org")
    first = call(Client(), "PUT", "/api/v1/auth/verify-email", {"token": new})
    assert (first.status_code, first.json()["done"]) == (200, False)
    waits = _me(client, "GET", "address").json()["change"]
    assert (waits["old_confirmed"], waits["new_confirmed"]) == (False, True)
    assert call(Client(), "PUT", "/api/v1/auth/verify-email", {"token": old}).json() == {
        "done": True,
        "email": "new@example.org",
    }
    assert _me(client, "GET", "address").json()["email"] == "new@example.org"


def test_a_change_of_address_is_called_off_or_objected_to_and_refusals_mail_nobody(world: World) -> None:
    client, before = signed_in(world.clerk), world.clerk.email
    for who, body, status in (
        (client, {"email": "nonsense"}, 422),
        (client, {"email": before}, 422),
        (client, {}, 422),
        (_stale(world.clerk), {"email": "new@example.org"}, 403),
        (Client(), {"email": "new@example.org"}, 401),
    ):
        assert _me(who, "POST", "address", body).status_code == status
    assert not OutboundMessage.objects.exists()
    _me(client, "POST", "address", {"email": "new@example.org"})
    assert _me(client, "DELETE", "address").json()["change"] is None
    assert len(events("accounts.address_change.cancelled")) == 1
    _me(client, "DELETE", "address")
    assert len(events("accounts.address_change.cancelled")) == 1
    _me(client, "POST", "address", {"email": "new@example.org"})
    new, old = token_to("new@example.org"), token_to(before)
    assert call(Client(), "PUT", "/api/v1/auth/object-email", {"token": new}).status_code == 410
    assert call(Client(), "PUT", "/api/v1/auth/object-email", {"token": old}).status_code == 204
    assert len(events("accounts.address_change.objected")) == 1
    assert _me(client, "GET", "address").status_code == 401, "Whoever asked is signed out."
    world.clerk.refresh_from_db()
    assert world.clerk.email == before


def _picture(side: int = 100) -> str:
    file = BytesIO()
    Image.new("RGB", (side, side), (200, 30, 30)).save(file, "PNG")
    return b64encode(file.getvalue()).decode()


def test_a_picture_is_given_drawn_anew_and_removed(world: World, folder: Path) -> None:
    client = signed_in(world.clerk)
    assert _me(client, "GET", "picture").status_code == 404
    assert _me(client, "PUT", "picture", {"picture": _picture()}).status_code == 204
    told = _me(client, "GET", "picture")
    assert (told.status_code, told["Content-Type"], told["Cache-Control"]) == (200, "image/webp", "no-store")
    assert Image.open(BytesIO(told.content)).size == (256, 256)
    kept = User.objects.get(pk=world.clerk.pk).avatar
    for wrong in ("<svg/>", b64encode(b"<svg onload=alert(1)>").decode(), _picture(8), ""):
        refused = _me(client, "PUT", "picture", {"picture": wrong})
        assert (refused.status_code, _wrong(refused)) == (422, {"picture"}), wrong
    assert User.objects.get(pk=world.clerk.pk).avatar == kept
    for _again in range(2):
        assert _me(client, "DELETE", "picture").status_code == 204
    assert _me(client, "GET", "picture").status_code == 404
    assert len(events("accounts.user.updated")) == 2
    assert len(list(folder.rglob("*.webp"))) == len(avatars.SIZES), "Of what was refused nothing was kept."


def test_consents_are_asked_for_given_once_and_listed(world: World, settings: Settings) -> None:
    settings.STEWARD_TERMS_URL, settings.STEWARD_TERMS_VERSION = "https://example.com/terms", "2026-01"
    client = signed_in(world.clerk)
    before = _me(client, "GET", "consents").json()
    assert before == {
        "given": [],
        "asked_for": [{"kind": "terms", "version": "2026-01", "url": "https://example.com/terms"}],
    }
    for _again in range(2):
        after = _me(client, "POST", "consents").json()
        assert [(one["kind"], one["version"]) for one in after["given"]] == [("terms", "2026-01")]
        assert after["asked_for"] == []
    assert Consent.objects.count() == len(events("accounts.consent.given")) == 1
    assert _me(signed_in(world.manager), "GET", "consents").json() == before


def test_a_copy_of_everything_is_written_and_fetched_by_its_person_alone(world: World) -> None:
    client = signed_in(world.clerk)
    assert _me(client, "GET", "copy").status_code == _me(client, "GET", "copy/file").status_code == 404
    assert _me(_stale(world.clerk), "POST", "copy").status_code == 403
    asked = _me(client, "POST", "copy")
    assert (asked.status_code, asked.json()["state"]) == (202, "working")
    assert _me(client, "POST", "copy").status_code == 409
    assert _me(client, "GET", "copy/file").status_code == 404
    assert worked(JobRun.objects.get().pk).state == "succeeded"
    ready = _me(client, "GET", "copy").json()
    assert (ready["id"], ready["state"]) == (asked.json()["id"], "ready")
    file = _me(client, "GET", "copy/file")
    content = b"".join(file.streaming_content)
    assert (file["Content-Type"], len(content), file["Cache-Control"]) == ("application/zip", ready["size"], "no-store")
    assert "index.html" in ZipFile(BytesIO(content)).namelist()
    assert len(events("accounts.export_of_self.downloaded")) == 1
    assert _me(_stale(world.clerk), "GET", "copy/file").status_code == 403
    assert _me(signed_in(world.manager), "GET", "copy/file").status_code == 404
    assert _me(client, "POST", "copy/file").status_code == 405


def test_who_asks_to_be_deleted_may_only_think_again(world: World) -> None:
    client, elsewhere = signed_in(world.clerk), signed_in(world.clerk)
    for who, body, status in (
        (client, {"confirm": "somebody"}, 422),
        (client, {}, 422),
        (_stale(world.clerk), {"confirm": world.clerk.username}, 403),
        (signed_in(world.root), {"confirm": world.root.username}, 403),
    ):
        assert _me(who, "POST", "deletion", body).status_code == status
    assert _me(client, "GET", "deletion").json() == {"leaving_at": None}
    assert not events("accounts.deletion.asked")
    asked = _me(client, "POST", "deletion", {"confirm": world.clerk.username})
    assert (asked.status_code, bool(asked.json()["leaving_at"])) == (202, True)
    assert _me(elsewhere, "GET", "deletion").status_code == 401, "Every other session ends."
    assert _me(client, "GET", "deletion").json() == asked.json()
    for method, part in (("GET", "profile"), ("POST", "deletion"), ("POST", "copy")):
        refused = _me(client, method, part, {"confirm": world.clerk.username})
        assert (refused.status_code, refused.json()["code"]) == (403, "kit.leaving")
    assert _me(client, "DELETE", "deletion").json() == {"leaving_at": None}
    assert _me(client, "GET", "profile").status_code == 200
    assert len(events("accounts.deletion.cancelled")) == 1


@pytest.fixture
def production(settings: Any) -> Iterator[None]:
    settings.PRODUCTION = True
    decision.forget_everything()
    yield
    decision.forget_everything()


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


def _invited(house: House, email: str) -> None:
    body = {"addresses": [email], "role": "viewer"}
    sent = call(signed_in(house.owner), "POST", f"/api/v1/organisations/{house.id}/invitations", body, to=house)
    assert sent.status_code == 200, sent.content


def test_an_invitation_is_taken_without_its_link_by_whose_address_it_is(house: House) -> None:
    guest, other = person("Guest", email_verified_at=clock.now()), person("Other", email_verified_at=clock.now())
    _invited(house, guest.email)
    client = signed_in(guest)
    (found,) = _me(client, "GET", "invitations").json()["items"]
    assert (found["organisation"], found["organisation_id"]) == (house.organisation.name, str(house.id))
    assert _me(signed_in(other), "GET", "invitations").json()["items"] == []
    path = f"invitations/{found['id']}/accept"
    assert _me(signed_in(other), "POST", path).status_code == 404
    assert _me(client, "POST", f"invitations/{NOWHERE}/accept").status_code == 404
    joined = _me(client, "POST", path)
    assert (joined.status_code, joined.json()["slug"]) == (200, house.organisation.slug)
    assert role_of(guest, house.organisation) == ["viewer"]
    assert _me(client, "GET", "invitations").json()["items"] == []
    assert _me(client, "POST", path).status_code == 404
    assert Membership.objects.filter(user=guest).count() == len(events("accounts.invitation.accepted")) == 1


def test_an_invitation_is_taken_by_its_link_as_oneself_or_as_somebody_new(house: House) -> None:
    guest = person("Guest", email_verified_at=None)
    _invited(house, guest.email)
    token = token_to(guest.email)
    key = _me(signed_in(guest), "GET", "invitations").json()["items"][0]["id"]
    assert _me(signed_in(guest), "POST", f"invitations/{key}/accept").status_code == 409, "Its address is not proved."
    assert _me(signed_in(house.viewer), "POST", "invitations", {"token": token}).status_code == 403
    assert _me(signed_in(guest), "POST", "invitations", {"token": token}).json()["id"] == str(house.id)
    assert _me(signed_in(guest), "POST", "invitations", {"token": token}).status_code == 404
    _invited(house, "new@example.org")
    body = {"token": token_to("new@example.org"), "name": "New", "username": "newcomer", "password": PASSWORD}
    for wrong, field in (({"password": "short"}, "password"), ({"username": guest.username}, "username")):
        refused = call(Client(), "PUT", "/api/v1/auth/invitation", body | wrong)
        assert (refused.status_code, _wrong(refused)) == (422, {field})
    assert not User.objects.filter(email="new@example.org").exists()
    made = call(Client(), "PUT", "/api/v1/auth/invitation", body)
    assert (made.status_code, made.json()["organisation"]["id"]) == (201, str(house.id)), made.content
    assert role_of(User.objects.get(username="newcomer"), house.organisation) == ["viewer"]
    again = call(Client(), "PUT", "/api/v1/auth/invitation", body | {"username": "another"})
    assert (again.status_code, User.objects.filter(username="another").exists()) == (404, False)


def test_a_temporary_password_is_told_once_and_ends_all_sessions(world: World) -> None:
    admin, theirs = signed_in(world.admin), signed_in(world.clerk)
    path = f"/api/v1/users/{world.clerk.pk}/temporary-password"
    for who, to, status in (
        (_stale(world.admin), path, 403),
        (signed_in(world.manager), path, 403),
        (admin, f"/api/v1/users/{world.root.pk}/temporary-password", 403),
        (admin, f"/api/v1/users/{world.admin.pk}/temporary-password", 409),
        (admin, f"/api/v1/users/{NOWHERE}/temporary-password", 404),
    ):
        assert call(who, "POST", to).status_code == status
    assert _me(theirs, "GET", "profile").status_code == 200
    given = call(admin, "POST", path)
    assert (given.status_code, given["Cache-Control"]) == (201, "no-store")
    assert _me(theirs, "GET", "profile").status_code == 401
    world.clerk.refresh_from_db()
    assert world.clerk.check_password(given.json()["temporary_password"])
    assert world.clerk.must_change_password
    assert len(events("accounts.password.issued")) == 1


def test_people_are_imported_by_a_file_that_was_looked_at(world: World) -> None:
    admin, url = signed_in(world.admin), "/api/v1/user-imports"
    csv = "name,username,email,shoe\nAda,ada,ada@example.org,37\nBad,bad name,bad@example.org,38\n"
    for who, body, status in (
        (signed_in(world.manager), {"csv": csv}, 403),
        (admin, {"csv": "nonsense"}, 422),
        (admin, {}, 422),
    ):
        assert call(who, "POST", url, body).status_code == status
    assert not PeopleImport.objects.exists()
    made = call(admin, "POST", url, {"csv": csv})
    told = made.json()
    assert (made.status_code, told["ready"], told["refused_rows"], told["ignored"]) == (201, 1, 1, ["shoe"])
    assert [(one["line"], one["field"], one["value"]) for one in told["refused"]] == [(3, "username", "bad name")]
    where = str(made["Location"])
    assert call(admin, "GET", where).json() == told
    assert call(signed_in(world.root), "GET", where).status_code == 404, "It is of whom uploaded it."
    assert call(_stale(world.admin), "POST", f"{where}/confirm").status_code == 403
    assert not User.objects.filter(username="ada").exists()
    runs = {call(admin, "POST", f"{where}/confirm").json()["run_id"] for _again in range(2)}
    assert len(runs) == 1
    assert worked(UUID(runs.pop())).state == "succeeded"
    assert User.objects.filter(username="ada").count() == 1


def test_the_role_of_developers_is_given_where_it_counts(world: World, production: None) -> None:
    root = signed_in(world.root)
    path = f"/api/v1/users/{world.clerk.pk}/roles"
    refused = call(root, "POST", path, {"role": "developer", "reason": "An incident"})
    assert (refused.status_code, refused.json()["code"]) == (409, "accounts.developer_role_refused")
    with context.acting(actor_of(world.root)) as current:
        developer_role_allow(actor=current.actor, reason="An incident", hours=2)
    given = call(root, "POST", path, {"role": "developer", "reason": "An incident"})
    assert (given.status_code, "developer" in given.json()["roles"]) == (200, True)
    assert call(root, "DELETE", f"{path}/developer").status_code == 204
    assert "developer" not in call(root, "GET", path.removesuffix("/roles")).json()["roles"]


def test_a_passkey_gets_another_name(world: World) -> None:
    passkey = key_of(world.clerk)
    client = signed_in(world.clerk)
    path = f"passkeys/{passkey.pk}"
    assert _me(client, "PATCH", path, {"name": "Key on the desk"}).json()["name"] == "Key on the desk"
    for who, body, status in (
        (client, {"name": "  "}, 422),
        (client, {}, 422),
        (signed_in(world.manager), {"name": "Mine"}, 404),
    ):
        assert _me(who, "PATCH", path, body).status_code == status
    assert Passkey.objects.get(pk=passkey.pk).name == "Key on the desk"
    assert len(events("accounts.passkey.renamed")) == 1
