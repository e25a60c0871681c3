"""One's own address: verified by its link, changed when both addresses agree; the old one can object."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.errors import LinkGone
from accounts.models import AddressChange, Link, Session, User
from accounts.services import addresses
from accounts.services.erasure import user_anonymise
from accounts.services.users import user_update
from portal.kit import clock, context, errors
from portal.kit.access import CONFIRMED_FOR
from portal.kit.context import Context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.helpers import denials, events, sealed, sign_in, text_of
from tests.accounts.registration_world import forgot, mails, opened, token_to, traces
from tests.factories import PASSWORD, World, actor_of, person, signed_in

pytestmark = pytest.mark.usefixtures("quiet_broker")
WANTED = "clara.new@example.org"


def _ask(user: User, email: str = WANTED) -> tuple[str, str]:
    """Ask for another address; the tokens of the old and the new one."""
    reply = signed_in(user).post("/me/email/change", {"email": email})
    assert (reply.status_code, reply["Location"]) == (302, "/me/email"), text_of(reply)
    return token_to(user.email), token_to(email)


def _answer(token: str, do: str = "confirm") -> Any:
    return opened(token, "email").post("/email", {"do": do})


def _email(user: User) -> str:
    return User.objects.get(pk=user.pk).email


# --- verification ---


def test_an_unverified_person_is_told_and_verifies_by_the_link(world: World) -> None:
    user = person("Fresh", email_verified_at=None)
    client = signed_in(user)
    assert "not verified" in text_of(client.get("/"))
    assert client.post("/me/email", {"do": "verify"}).status_code == 302
    (mail,) = mails(user.email)
    assert mail.subject == "Verify your e-mail address"
    token = token_to(user.email)
    other = opened(token, "email")
    page = other.get("/email")
    assert user.email in text_of(page)
    assert token not in page.content.decode()
    assert "Your address is verified" in text_of(other.post("/email", {"do": "confirm"}))
    assert other.get("/api/v1/auth/session").status_code == 401, "a link signs nobody in"
    assert "not verified" not in text_of(client.get("/"))
    assert [event.target_id for event in events("accounts.address.verified")] == [user.pk]
    assert len(events("accounts.verification.sent")) == 1


def test_a_verified_person_sees_no_banner_and_is_sent_nothing(world: World) -> None:
    client = signed_in(world.clerk)
    assert "not verified" not in text_of(client.get("/"))
    assert "verified already" in text_of(client.post("/me/email", {"do": "verify"}, follow=True))
    assert OutboundMessage.objects.count() == 0


def test_the_made_up_address_of_the_first_root_is_not_complained_of(world: World) -> None:
    first = person("First", email="root@steward.invalid", email_verified_at=None)
    assert "not verified" not in text_of(signed_in(first).get("/"))


def test_five_verifications_an_hour_are_sent_and_the_sixth_is_refused_with_a_sentence(world: World) -> None:
    user = person("Fresh", email_verified_at=None)
    client = signed_in(user)
    for _ in range(5):
        assert client.post("/me/email", {"do": "verify"}).status_code == 302
    reply = client.post("/me/email", {"do": "verify"})
    assert reply.status_code == 429
    assert "try again in an hour" in text_of(reply)
    assert len(mails(user.email)) == 5
    assert Link.objects.filter(user=user).count() == 1


@pytest.mark.parametrize("do", ["", "nonsense"])
def test_an_unknown_act_is_refused(world: World, do: str) -> None:
    before = traces()
    assert signed_in(world.clerk).post("/me/email", {"do": do}).status_code == 400
    assert traces() == before


def test_links_of_addresses_work_once_for_a_day_and_for_their_own_purpose(world: World) -> None:
    user = person("Fresh", email_verified_at=None)
    signed_in(user).post("/me/email", {"do": "verify"})
    token = token_to(user.email)
    forgot(world.clerk.email)
    password = token_to(world.clerk.email)
    before = traces()
    assert Client().get(f"/email/{password}").status_code == 410
    assert Client().get(f"/password/{token}").status_code == 410
    assert Client().get(f"/register/{token}").status_code == 410
    assert Client().get(f"/email/{token[:-1]}x").status_code == 410
    assert Client().post("/email", {"do": "confirm"}).status_code == 410
    with clock.at(clock.now() + timedelta(hours=24, seconds=1)):
        assert Client().get(f"/email/{token}").status_code == 410
    assert traces() == before
    assert _answer(token).status_code == 200
    assert Client().get(f"/email/{token}").status_code == 410


def test_neither_the_address_of_the_link_nor_its_cookie_can_be_kept(world: World) -> None:
    user = person("Fresh", email_verified_at=None)
    signed_in(user).post("/me/email", {"do": "verify"})
    client = Client()
    way = client.get(f"/email/{token_to(user.email)}")
    cookie = way.cookies["address_link"]
    assert (way["Location"], way["Referrer-Policy"], way["Cache-Control"]) == ("/email", "no-referrer", "no-store")
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/email")
    assert client.post("/email", {"do": "confirm"}).cookies["address_link"].value == ""


# --- change ---


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
def test_an_address_changes_when_both_have_confirmed_and_both_are_told(world: World, order: tuple[str, str]) -> None:
    before = world.clerk.email
    session = signed_in(world.clerk)
    tokens = dict(zip(("old", "new"), _ask(world.clerk), strict=True))
    assert [mails(address)[0].subject for address in (before, WANTED)] == [
        "Another e-mail address for your account?",
        "Confirm your new e-mail address",
    ]
    first = _answer(tokens[order[0]])
    assert "One address has confirmed" in text_of(first)
    assert _email(world.clerk) == before
    assert sign_in(Client(), before).status_code == 302, "the old one counts until it is done"
    assert sign_in(Client(), WANTED).status_code == 422
    assert "Confirmed" in text_of(session.get("/me/email"))
    second = _answer(tokens[order[1]])
    assert "Your address is changed" in text_of(second)
    assert _email(world.clerk) == WANTED
    assert sign_in(Client(), before).status_code == 422
    assert sign_in(Client(), WANTED).status_code == 302
    assert session.get("/api/v1/auth/session").status_code == 200, "a change ends no session"
    for address in (before, WANTED):
        assert "The e-mail address of your account was changed" in [mail.subject for mail in mails(address)]
    (event,) = events("accounts.address.changed")
    assert (event.actor_id, event.target_id) == (world.clerk.pk, world.clerk.pk)
    assert WANTED not in str(vars(event))
    assert WANTED in str(sealed(event))
    assert len(events("accounts.address_change.confirmed")) == 2
    for token in tokens.values():
        assert Client().get(f"/email/{token}").status_code == 410


def test_the_old_address_objects_and_everybody_is_signed_out(world: World) -> None:
    thief = signed_in(world.clerk)
    old, new = _ask(world.clerk)
    _answer(new)
    page = _answer(old, "object")
    assert "The change is off" in text_of(page)
    assert thief.get("/api/v1/auth/session").status_code == 401
    assert Session.objects.filter(user=world.clerk).count() == 0
    assert _email(world.clerk) == world.clerk.email
    for token in (old, new):
        assert Client().get(f"/email/{token}").status_code == 410
    (event,) = events("accounts.address_change.objected")
    assert event.data["sessions_ended"] == 2
    assert AddressChange.objects.filter(ended_at=None).count() == 0


def test_the_new_address_cannot_object(world: World) -> None:
    _old, new = _ask(world.clerk)
    before = traces()
    assert _answer(new, "object").status_code == 410
    assert traces() == before
    assert Session.objects.filter(user=world.clerk).count() == 1


def test_an_unverified_address_is_told_but_need_not_agree(world: World) -> None:
    user = person("Mistyped", email_verified_at=None)
    old, new = _ask(user)
    assert "Nothing changes until both" not in mails(user.email)[-1].text
    page = opened(old, "email").get("/email")
    assert "That was not me" in text_of(page)
    assert "Confirm" not in text_of(page)
    assert "Your address is changed" in text_of(_answer(new))
    changed = User.objects.get(pk=user.pk)
    assert (changed.email, changed.email_verified_at is not None) == (WANTED, True)


def test_an_address_that_somebody_has_is_not_told_and_its_owner_is(world: World) -> None:
    pages = []
    client = signed_in(world.clerk)
    for email in (WANTED, world.manager.email.upper()):
        assert client.post("/me/email/change", {"email": email}).status_code == 302
        written = AddressChange.objects.get(ended_at=None).email
        pages.append(re.sub(r"\d+", "#", text_of(client.get("/me/email")).replace(written, "…")))
    assert pages[0] == pages[1]
    (told,) = mails(world.manager.email)
    assert told.subject == "Somebody wanted to use your e-mail address"
    assert world.clerk.email not in told.text
    assert "/email/" not in told.text


def test_an_address_that_is_taken_meanwhile_is_not_taken_twice(world: World) -> None:
    old, new = _ask(world.clerk)
    _answer(old)
    person("Quicker", email=WANTED)
    before = traces()
    assert _answer(new).status_code == 409
    assert traces() == before


def test_asking_again_kills_the_former_change_and_calling_off_the_last(world: World) -> None:
    old, new = _ask(world.clerk)
    later = _ask(world.clerk, "other@example.org")
    for token in (old, new):
        assert Client().get(f"/email/{token}").status_code == 410
    assert AddressChange.objects.filter(ended_at=None).count() == 1
    client = signed_in(world.clerk)
    assert client.post("/me/email", {"do": "cancel"}).status_code == 302
    assert client.post("/me/email", {"do": "cancel"}).status_code == 302
    for token in later:
        assert Client().get(f"/email/{token}").status_code == 410
    assert len(events("accounts.address_change.cancelled")) == 1
    assert len(events("accounts.address_change.asked")) == 2


@pytest.mark.parametrize(
    "email", ["", "nobody", "аda@example.org", "a\r\nb@example.org", f"{'a' * 250}@example.org", "SELF"]
)
def test_what_is_no_other_address_is_refused_beside_its_field(world: World, email: str) -> None:
    before = traces()
    reply = signed_in(world.clerk).post(
        "/me/email/change", {"email": world.clerk.email.upper() if email == "SELF" else email}
    )
    assert reply.status_code == 422
    assert 'id="id_email_error"' in reply.content.decode()
    assert traces() == before


def test_whoever_did_not_just_prove_who_they_are_is_asked_to(world: World) -> None:
    client = signed_in(world.clerk)
    with context.system("a test"), writing():
        Session.objects.update(confirmed_at=clock.now() - CONFIRMED_FOR - timedelta(seconds=1))
    before = traces()
    for reply in (client.get("/me/email/change"), client.post("/me/email/change", {"email": WANTED})):
        assert reply["Location"].startswith("/confirm?next=")
    assert client.get("/me/email").status_code == 200
    assert traces() == before


def test_five_changes_an_hour_can_be_asked_for(world: World) -> None:
    client = signed_in(world.clerk)
    replies = [client.post("/me/email/change", {"email": f"n{n}@example.org"}).status_code for n in range(6)]
    assert replies == [302] * 5 + [429]
    assert len(mails("n5@example.org")) == 0


def test_no_host_of_the_request_gets_into_the_mails(world: World, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.STEWARD_PUBLIC_URL = "https://steward.example.com"
    headers = {"Host": "evil.example.org", "X-Forwarded-Host": "evil.example.org"}
    signed_in(world.clerk).post("/me/email/change", {"email": WANTED}, headers=headers)
    for address in (world.clerk.email, WANTED):
        assert set(re.findall(r"https?://[^/\s]+", mails(address)[0].text)) == {"https://steward.example.com"}


def test_other_people_and_the_inactive_cannot_use_it(world: World) -> None:
    old, new = _ask(world.clerk)
    with context.system("a test"), writing():
        User.objects.filter(pk=world.clerk.pk).update(is_active=False)
    for token in (old, new):
        assert Client().get(f"/email/{token}").status_code == 410
        with pytest.raises(LinkGone), context.use(Context()):
            addresses.address_confirm(token=token)
    assert _email(world.clerk) == world.clerk.email
    assert denials() == []


# --- by an administrator, and with the person ---


def test_an_administrator_changes_it_at_once_and_what_was_mailed_dies(world: World) -> None:
    forgot(world.clerk.email)
    password = token_to(world.clerk.email)
    old, new = _ask(world.clerk)
    with context.acting(actor_of(world.admin)):
        user_update(actor=actor_of(world.admin), user=world.clerk, values={"email": "given@example.org"})
    for path in (f"/password/{password}", f"/email/{old}", f"/email/{new}"):
        assert Client().get(path).status_code == 410
    changed = User.objects.get(pk=world.clerk.pk)
    assert (changed.email, changed.email_verified_at) == ("given@example.org", None)
    assert "an administrator changed" in mails(world.clerk.email)[-1].text
    _answer(token_to("given@example.org"))
    changed.refresh_from_db()
    assert changed.email_verified_at is not None


def test_a_change_of_the_name_leaves_the_address_verified(world: World) -> None:
    with context.acting(actor_of(world.admin)):
        user_update(actor=actor_of(world.admin), user=world.clerk, values={"name": "Clerk the Second"})
    world.clerk.refresh_from_db()
    assert world.clerk.email_verified_at is not None
    assert OutboundMessage.objects.count() == 0


def test_an_administrator_is_refused_an_address_that_looks_like_another(world: World) -> None:
    with pytest.raises(errors.Invalid) as caught, context.acting(actor_of(world.admin)):
        user_update(actor=actor_of(world.admin), user=world.clerk, values={"email": "аdmin@example.org"})
    assert set(caught.value.fields) == {"email"}
    assert _email(world.clerk) == world.clerk.email


def test_with_a_person_its_changes_are_erased(world: World) -> None:
    _ask(world.clerk)
    with context.acting(actor_of(world.admin)):
        user_anonymise(actor=actor_of(world.admin), user=world.clerk)
    assert (AddressChange.objects.count(), Link.objects.count()) == (0, 0)


# --- races and the database ---


def test_both_confirm_at_once_and_the_address_changes_once(own_database: dict[str, str], world: World) -> None:
    tokens = _ask(world.clerk)
    gate = threading.Barrier(4)
    done: list[str] = []

    def confirm(token: str) -> None:
        try:
            gate.wait(20)
            with context.use(Context()):
                done.append(str(addresses.address_confirm(token=token).done))
        except LinkGone:
            done.append("gone")
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm, args=(token,)) for token in tokens * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(done) == ["False", "True", "gone", "gone"]
    assert _email(world.clerk) == WANTED
    assert len(events("accounts.address.changed")) == 1


def test_the_database_keeps_one_open_change_a_person_and_links_to_their_kind(world: World) -> None:
    _ask(world.clerk)
    with context.system("a test"), writing():
        with pytest.raises(IntegrityError), transaction.atomic():
            AddressChange.objects.create(user=world.clerk, email="x@example.org", expires_at=clock.now())
        with pytest.raises(IntegrityError), transaction.atomic():
            Link.objects.create(user=world.manager, kind=Link.Kind.OLD, digest=b"x" * 32, expires_at=clock.now())


def test_the_password_is_still_the_one_it_was(world: World) -> None:
    old, new = _ask(world.clerk)
    _answer(old)
    _answer(new)
    assert User.objects.get(pk=world.clerk.pk).check_password(PASSWORD)
