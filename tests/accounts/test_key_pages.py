"""The pages of keys and service accounts: what is shown to whom, and the one reply that holds a secret."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Key, ServiceAccount, Session, User
from audit.models import Event
from portal.kit import clock, context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.helpers import text_of
from tests.accounts.key_world import call, make_key, make_service, row
from tests.accounts.organisation_world import House, join, make_house
from tests.factories import World

pytestmark = pytest.mark.django_db
BrowserOf = Callable[[User], Client]
SECRET = re.compile(r'id="issued-key"[^>]*>\s*(sk_(?:live|test)_\w{38})\s*<')
FORM = {"name": "Deployment", "kind": "live", "days": "90", "scopes": ["user:read"]}


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


@pytest.fixture
def other(world: World) -> House:
    return make_house("Meadow")


def secret_of(reply: Any) -> str:
    found = SECRET.search(reply.content.decode())
    assert found is not None, text_of(reply)[:500]
    return found[1]


def stale(user: User) -> None:
    """Let the person have proved who it is too long ago."""
    with context.system("a test"), writing():
        Session.objects.filter(user=user).update(confirmed_at=clock.now() - timedelta(minutes=11))


def kept() -> tuple[Any, ...]:
    told = Event.objects.exclude(code__in=["kit.access.denied", "accounts.session.started"]).count()
    return list(Key.objects.order_by("pk").values()), OutboundMessage.objects.count(), told


def test_a_key_of_ones_own_is_made_shown_once_and_works(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.manager)
    assert "No keys yet" in text_of(browser.get("/me/keys"))
    form = text_of(browser.get("/me/keys/new"))
    assert "See people (user:read)" in form
    assert "user:admin" not in form, "what one does not hold is not offered"
    reply = browser.post("/me/keys/new", FORM)
    assert reply["Cache-Control"] == "no-store"
    secret = secret_of(reply)
    assert f'Bearer $KEY" {"http"}' in reply.content.decode().replace("&quot;", '"')
    assert call(secret, "/api/v1/users").status_code == 200
    key = Key.objects.get()
    for page in ("/me/keys", f"/me/keys/{key.pk}"):
        shown = browser.get(page).content.decode()
        assert key.prefix in shown
        assert secret not in shown


def test_a_key_is_made_for_the_place_that_the_address_names(house: House, world: World, browser_of: BrowserOf) -> None:
    join(house.organisation, "editor", world.manager)
    browser = browser_of(world.manager)
    where = f"/me/keys/new?in={house.id}"
    page = text_of(browser.get(where))
    assert "Harbour" in page
    assert "(audit:read)" in page, "what one holds on the installation counts in the organisation as well"
    reply = browser.post(where, {**FORM, "scopes": ["organisation:read"]})
    assert call(secret_of(reply), f"/api/v1/organisations/{house.id}").status_code == 200
    key = Key.objects.get()
    assert key.organisation_id == house.id
    assert "Harbour" in text_of(browser.get(f"/me/keys/{key.pk}"))
    for wrong in ("nonsense", str(world.manager.pk)):
        assert browser.post(f"/me/keys/new?in={wrong}", FORM).status_code == 404
    assert Key.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": ""}),
        ("days", {"days": "366"}),
        ("days", {"days": "forever"}),
        ("kind", {"kind": "root"}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["key:admin"]}),
        ("addresses", {"addresses": "not an address"}),
        ("rate_limit", {"rate_limit": "-1"}),
        ("rate_limit", {"rate_limit": "100000"}),
    ],
)
def test_a_form_that_cannot_be_comes_back_and_makes_nothing(
    world: World, browser_of: BrowserOf, field: str, values: dict[str, Any]
) -> None:
    browser, before = browser_of(world.manager), kept()
    reply = browser.post("/me/keys/new", FORM | values)
    assert reply.status_code == 422
    assert f'id="id_{field}_error"' in reply.content.decode()
    assert kept() == before


def test_fields_that_are_not_in_the_form_are_not_believed(world: World, browser_of: BrowserOf) -> None:
    extra = {
        "owner": str(world.root.pk),
        "organisation_id": str(world.root.pk),
        "expires_at": "2099-01-01",
        "prefix": "sk_live_aaaaaaaa",
        "digest": "x",
        "created_by": str(world.root.pk),
        "platform_at": "2026-01-01",
    }
    browser_of(world.manager).post("/me/keys/new", FORM | extra)
    key = Key.objects.get()
    assert (key.owner_id, key.created_by, key.organisation_id) == (world.manager.pk, world.manager.pk, None)
    assert key.expires_at <= clock.now() + timedelta(days=90)
    assert key.prefix != "sk_live_aaaaaaaa"


def test_making_and_rotating_ask_again_who_it_is_and_revoking_does_not(world: World, browser_of: BrowserOf) -> None:
    key, secret = make_key(world.manager)
    browser = browser_of(world.manager)
    stale(world.manager)
    before = kept()
    for method, path in (("get", "/me/keys/new"), ("post", "/me/keys/new"), ("post", f"/me/keys/{key.pk}/rotate")):
        reply = getattr(browser, method)(path, FORM if path.endswith("new") else {})
        assert (reply.status_code, reply["Location"].split("?")[0]) == (302, "/confirm"), path
    api = browser.post("/api/v1/users/me/keys", {"name": "x"}, content_type="application/json")
    assert (api.status_code, api.json()["code"]) == (403, "kit.confirmation_required")
    assert kept() == before
    assert browser.post(f"/me/keys/{key.pk}/revoke").status_code == 302
    assert call(secret).status_code == 401


def test_rotating_on_the_page_shows_the_new_secret_once(world: World, browser_of: BrowserOf) -> None:
    key, secret = make_key(world.manager)
    browser = browser_of(world.manager)
    reply = browser.post(f"/me/keys/{key.pk}/rotate")
    fresh = secret_of(reply)
    assert fresh != secret
    assert [call(one).status_code for one in (secret, fresh)] == [200, 200]
    assert "Replaced, ends soon" in text_of(browser.get(f"/me/keys/{key.pk}"))
    again = browser.post(f"/me/keys/{key.pk}/rotate")
    assert again.status_code == 409
    assert SECRET.search(again.content.decode()) is None
    assert Key.objects.count() == 2


def test_nobody_elses_key_is_found(house: House, other: House, world: World, browser_of: BrowserOf) -> None:
    mine, _secret = make_key(house.editor, house)
    theirs, _secret = make_key(other.editor, other)
    service = make_service(other)
    before = kept()
    stranger = browser_of(world.manager)
    for path in ("", "/rotate", "/revoke"):
        method = "post" if path else "get"
        assert getattr(stranger, method)(f"/me/keys/{mine.pk}{path}").status_code == 404
        assert getattr(browser_of(house.owner), method)(house.url(f"keys/{theirs.pk}{path}")).status_code == 404
    owner = browser_of(house.owner)
    for path in ("edit", "role", "activate", "deactivate", "delete"):
        sent = {"name": "Taken", "role": "viewer", "confirm_word": service.user.username}
        assert owner.post(house.url(f"service-accounts/{service.pk}/{path}"), sent).status_code in {404, 422}, path
    assert owner.get(house.url(f"keys/new?service={service.pk}")).status_code == 404
    assert kept() == before
    assert ServiceAccount.objects.get(pk=service.pk).user.is_active


def test_who_administers_the_organisation_revokes_and_does_not_rotate(house: House, browser_of: BrowserOf) -> None:
    key, secret = make_key(house.editor, house)
    page = house.url(f"keys/{key.pk}")
    seen = text_of(browser_of(house.admin).get(page))
    assert "Revoke" in seen
    assert "Rotate" not in seen
    assert browser_of(house.admin).post(f"{page}/rotate").status_code == 403
    assert browser_of(house.viewer).get(page).status_code == 403
    join(house.organisation, "editor")
    assert browser_of(join(house.organisation, "editor")).post(f"{page}/revoke").status_code == 403
    assert call(secret).status_code == 200
    assert browser_of(house.admin).post(f"{page}/revoke", {"reason": "Leaked"}).status_code == 302
    assert call(secret).status_code == 401
    assert "Revoked" in text_of(browser_of(house.admin).get(page))


def test_a_service_account_goes_from_form_to_key_to_deletion(house: House, browser_of: BrowserOf) -> None:
    owner, base = browser_of(house.owner), house.url("service-accounts")
    form = {"name": "Release robot", "handle": "release", "role": "editor", "description": "Ask Ines."}
    assert owner.post(f"{base}/new", {**form, "role": "owner"}).status_code == 422
    made = owner.post(f"{base}/new", form)
    assert made.status_code == 302
    page = made["Location"]
    service = ServiceAccount.objects.get()
    assert "Without a key it can do nothing." in text_of(owner.get(page))
    reply = owner.post(house.url(f"keys/new?service={service.pk}"), {**FORM, "scopes": ["organisation:read"]})
    secret = secret_of(reply)
    path = f"/api/v1/organisations/{house.id}"
    assert call(secret, path).status_code == 200
    assert Key.objects.get().owner_id == service.user_id
    assert owner.post(f"{page}/edit", {"name": "Robot", "description": ""}).status_code == 302
    assert owner.post(f"{page}/role", {"role": "viewer"}).status_code == 302
    assert owner.post(f"{page}/deactivate").status_code == 302
    assert call(secret, path).status_code == 403
    assert owner.post(f"{page}/activate").status_code == 302
    assert owner.post(f"{page}/delete", {"confirm_word": "wrong"}).status_code == 422
    assert call(secret, path).status_code == 200
    assert owner.post(f"{page}/delete", {"confirm_word": service.user.username}).status_code == 302
    assert call(secret, path).status_code == 401
    assert owner.get(page).status_code == 404


def test_the_use_of_a_key_is_drawn_on_its_page(house: House, browser_of: BrowserOf) -> None:
    key, _secret = make_key(house.editor, house)
    browser = browser_of(house.editor)
    assert "Not used in the last 30 days" in text_of(browser.get(house.url(f"keys/{key.pk}")))
    with context.system("a test"), writing():
        key.uses.create(organisation=house.organisation, day=clock.now().date(), calls=1234, refused=5)
    for page in (house.url(f"keys/{key.pk}"), f"/me/keys/{key.pk}"):
        assert "1,234" in text_of(browser.get(page))


def test_the_history_of_a_key_is_for_who_reads_the_trail(house: House, browser_of: BrowserOf) -> None:
    key, _secret = make_key(house.editor, house)
    page = house.url(f"keys/{key.pk}?tab=history")
    assert "was made" in text_of(browser_of(house.admin).get(page))
    assert browser_of(house.editor).get(page).status_code == 403
    assert row(key).name == "Deployment"
