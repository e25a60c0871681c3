"""Creating, editing, activating and deactivating people, and their roles."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from portal.kit import context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import Permission, Role, RolePermission
from tests.accounts.helpers import denials, events, footprint, issued_password, roles, sealed, sign_in, text_of
from tests.factories import World, person, signed_in

Browser = Callable[[User], Client]
ADA = {"name": " Ada Lovelace ", "username": "Ada", "email": "ada@example.org"}


def test_creating_shows_the_temporary_password_once_and_nobody_is_made_twice(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    response = client.post("/platform/people/new", ADA)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    password = issued_password(response)
    ada = User.objects.get(username="ada")
    assert (ada.name, ada.email, ada.is_active, ada.must_change_password) == (
        "Ada Lovelace",
        "ada@example.org",
        True,
        True,
    )
    (event,) = events("accounts.user.created")
    assert (event.actor_id, event.target_id) == (world.admin.pk, ada.pk)
    assert sealed(event)["changes"]["email"] == [None, "ada@example.org"]
    assert password not in str(vars(event)) + str(sealed(event)) + str(response.headers) + str(response.cookies)
    again = client.post("/platform/people/new", ADA)
    assert again.status_code == 422
    assert User.objects.filter(email=ada.email).count() == 1
    assert password not in client.get(f"/platform/people/{ada.pk}").content.decode()
    assert sign_in(Client(), "ada@example.org", password)["Location"] == "/me/password"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "required"),
        ("name", "x" * 121, "at most 120"),
        ("name", "a\nBcc: everybody@example.com", "line breaks"),
        ("name", "a\u202eb", "invisible"),
        ("name", "a\0b", "Null characters"),
        ("username", "", "required"),
        ("username", "with space", "lower-case letters"),
        ("username", "-leading", "lower-case letters"),
        ("username", "ünïcode", "lower-case letters"),
        ("username", "x" * 61, "at most 60"),
        ("email", "", "required"),
        ("email", "no-at-sign", "valid email"),
        ("email", "a@b@example.org", "valid email"),
        ("email", f"{'x' * 250}@example.org", "at most 254"),
    ],
)
def test_bad_values_are_refused_by_field_and_nothing_is_made(
    world: World, browser_of: Browser, field: str, value: str, says: str
) -> None:
    before = User.objects.count()
    response = browser_of(world.admin).post("/platform/people/new", ADA | {field: value})
    assert response.status_code == 422
    assert says in " ".join(response.context["form"].errors[field])
    assert says in text_of(response)
    assert User.objects.count() == before
    assert not events("accounts.user.created")


def test_taken_user_names_and_addresses_are_refused_in_any_case(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    taken = {"username": world.clerk.username.upper(), "email": world.clerk.email.upper()}
    for field, value in taken.items():
        response = client.post("/platform/people/new", ADA | {field: value})
        assert response.status_code == 422
        assert list(response.context["form"].errors) == [field]
        response = client.post(f"/platform/people/{world.stranger.pk}/edit", ADA | {field: value})
        assert response.status_code == 422
        assert list(response.context["form"].errors) == [field]
    assert not User.objects.filter(name="Ada Lovelace").exists()


def test_a_role_is_offered_and_given_only_by_who_may_give_it(world: World, browser_of: Browser) -> None:
    root, admin = browser_of(world.root), browser_of(world.admin)
    assert 'name="role"' in root.get("/platform/people/new").content.decode()
    assert 'name="role"' not in admin.get("/platform/people/new").content.decode()
    root.post("/platform/people/new", ADA | {"role": "manager"})
    assert roles(User.objects.get(username="ada")) == ["manager"]
    admin.post(
        "/platform/people/new", {"name": "Eve", "username": "eve", "email": "eve@example.org", "role": "super_admin"}
    )
    assert roles(User.objects.get(username="eve")) == []
    before = User.objects.count()
    assert (
        root.post(
            "/platform/people/new", ADA | {"username": "x", "email": "x@example.org", "role": "owner"}
        ).status_code
        == 422
    )
    assert User.objects.count() == before


def test_editing_records_what_differs_and_nothing_when_nothing_does(world: World, browser_of: Browser) -> None:
    client = browser_of(world.manager)
    url = f"/platform/people/{world.clerk.pk}/edit"
    same = {"name": world.clerk.name, "username": world.clerk.username, "email": world.clerk.email}
    old = world.clerk.email
    assert client.post(url, same)["Location"] == f"/platform/people/{world.clerk.pk}"
    assert not events("accounts.user.updated")
    client.post(url, same | {"email": "new@example.org"})
    world.clerk.refresh_from_db()
    assert world.clerk.email == "new@example.org"
    (event,) = events("accounts.user.updated")
    assert sealed(event)["changes"] == {"email": [old, "new@example.org"]}
    assert old not in str(vars(event))


def test_deactivation_takes_effect_on_the_next_request_and_activation_undoes_it(
    world: World, browser_of: Browser
) -> None:
    admin, clerk = browser_of(world.admin), browser_of(world.manager)
    assert clerk.get("/platform/people").status_code == 200
    url = f"/platform/people/{world.manager.pk}"
    assert admin.post(f"{url}/deactivate", {"reason": "left the company"})["Location"] == url
    (event,) = events("accounts.user.deactivated")
    assert (event.reason, event.changes, event.target_id) == (
        "left the company",
        {"is_active": [True, False]},
        world.manager.pk,
    )
    response = clerk.get("/platform/people")
    assert (response.status_code, response["Location"]) == (302, "/inactive")
    api = clerk.get("/api/v1/auth/session")
    assert (api.status_code, api.json()["code"]) == (403, "kit.account_inactive")
    admin.post(f"{url}/activate")
    assert clerk.get("/platform/people").status_code == 200
    assert len(events("accounts.user.activated")) == 1


def test_repeating_it_changes_and_records_nothing(world: World, browser_of: Browser) -> None:
    admin = browser_of(world.admin)
    url = f"/platform/people/{world.clerk.pk}"
    for verb in ("deactivate", "deactivate", "activate", "activate"):
        assert admin.post(f"{url}/{verb}").status_code == 302
    assert len(events("accounts.user.deactivated")) == len(events("accounts.user.activated")) == 1


def test_an_inactive_person_sees_one_page_and_may_leave(world: World, browser_of: Browser) -> None:
    browser_of(world.admin).post(f"/platform/people/{world.manager.pk}/deactivate")
    client = Client()
    # The password is right, so the person learns why it cannot go on.
    assert sign_in(client, world.manager.username)["Location"] == "/"
    for url in ("/", "/platform/people", "/me/password"):
        assert client.get(url)["Location"] == "/inactive"
    page = client.get("/inactive")
    assert page.status_code == 200
    assert f'href="mailto:{world.root.email}"' in page.content.decode()
    assert world.clerk.email not in page.content.decode()
    assert client.get("/sign-in").status_code == 200
    assert client.post("/me/password", {"current": "x", "new": "y", "repeat": "y"})["Location"] == "/inactive"
    assert client.get("/api/v1/users/me/session-info").status_code == 403
    assert client.post("/me/theme", {"theme": "dark"})["Location"] == "/inactive"
    assert client.post("/sign-out")["Location"] == "/sign-in"
    assert client.get("/inactive").status_code == 302


def test_an_active_person_has_no_business_on_the_inactive_page(world: World, browser_of: Browser) -> None:
    assert browser_of(world.clerk).get("/inactive")["Location"] == "/"


@pytest.mark.parametrize(
    ("contact", "link"),
    [("help@example.org", "mailto:help@example.org"), ("https://help.example.org/", "https://help.example.org/")],
)
def test_the_inactive_page_links_to_the_contact(
    world: World, browser_of: Browser, settings: object, contact: str, link: str
) -> None:
    settings.STEWARD_ADMIN_CONTACT = contact  # type: ignore[attr-defined]
    browser_of(world.admin).post(f"/platform/people/{world.clerk.pk}/deactivate")
    assert f'href="{link}"' in signed_in(world.clerk).get("/inactive").content.decode()


def test_without_anybody_to_write_to_the_inactive_page_names_none(world: World, browser_of: Browser) -> None:
    with context.system("a test"), writing():
        User.objects.filter(pk=world.root.pk).update(email="root@steward.invalid")
    browser_of(world.admin).post(f"/platform/people/{world.clerk.pk}/deactivate")
    page = signed_in(world.clerk).get("/inactive")
    assert "ask your administrator" in text_of(page)
    assert "mailto:" not in page.content.decode()


def test_roles_are_given_and_taken_and_work_from_the_next_request(world: World, browser_of: Browser) -> None:
    root, stranger = browser_of(world.root), browser_of(world.stranger)
    url = f"/platform/people/{world.stranger.pk}"
    assert stranger.get("/platform/people").status_code == 403
    assert root.post(f"{url}/role", {"do": "give", "role": "manager", "reason": "joins"})["Location"] == url
    assert stranger.get("/platform/people").status_code == 200
    assert root.post(f"{url}/role", {"do": "take", "role": "manager"})["Location"] == url
    assert stranger.get("/platform/people").status_code == 403
    (granted,), (revoked,) = events("rbac.binding.granted")[-1:], events("rbac.binding.revoked")
    assert (granted.target_id, granted.data["role"], granted.reason) == (world.stranger.pk, "manager", "joins")
    assert (revoked.target_id, revoked.data["role"]) == (world.stranger.pk, "manager")
    for values in ({"do": "steal", "role": "manager"}, {"do": "give", "role": "owner"}, {"do": "give"}):
        assert root.post(f"{url}/role", values).status_code == 422
    assert roles(world.stranger) == []


def test_the_page_shows_history_only_to_who_may_read_it(world: World, browser_of: Browser) -> None:
    browser_of(world.admin).post(f"/platform/people/{world.clerk.pk}/deactivate", {"reason": "x"})
    url = f"/platform/people/{world.clerk.pk}"
    assert "was deactivated" in text_of(browser_of(world.manager).get(url))
    reader = person("Reader")
    _give_code(reader, "user:read")
    page = browser_of(reader).get(url)
    assert page.status_code == 200
    assert "was deactivated" not in text_of(page)
    assert "History" not in text_of(page)


def _give_code(user: User, code: str) -> None:
    """A role with just one permission, as an installation may make its own."""
    with context.system("a test") as current, writing():
        role = Role.objects.create(catalogue="platform", code=f"only-{code}", label=f"Only {code}", rank=1)
        RolePermission.objects.create(role=role, permission=Permission.objects.get(code=code))
        rbac.binding_grant(actor=current.actor, person_id=user.pk, role=role)


@pytest.mark.parametrize("path", ["", "/edit"])
def test_an_unknown_person_is_not_found(world: World, browser_of: Browser, path: str) -> None:
    client = browser_of(world.root)
    assert client.get(f"/platform/people/01890000-0000-7000-8000-000000000000{path}").status_code == 404
    assert client.get(f"/platform/people/nonsense{path}").status_code == 404


ACTS = [
    ("get", "new"),
    ("post", "new"),
    ("get", "import"),
    ("post", "import"),
    ("post", "{id}/activate"),
    ("post", "{id}/deactivate"),
    ("post", "{id}/password"),
    ("post", "{id}/role"),
]


@pytest.mark.parametrize(("method", "path"), ACTS)
def test_who_may_only_look_and_edit_is_refused_the_rest_on_record(
    world: World, browser_of: Browser, method: str, path: str
) -> None:
    target = world.stranger
    before = footprint(target)
    client = browser_of(world.manager)
    response = getattr(client, method)(
        f"/platform/people/{path.format(id=target.pk)}", ADA | {"do": "give", "role": "user"}
    )
    assert response.status_code == 403
    assert footprint(target) == before
    assert denials() == ["kit.forbidden"]
    assert not OutboundMessage.objects.exists()
