"""Ids of other tenants in every place an id can stand, and bodies that are too large: the right refusal, and nothing changed."""

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import Invitation, Membership, Organisation, User
from accounts.services.invitations import invitations_create
from accounts.services.memberships import roles_by_code
from audit.models import Event
from maintenance.models import JobRun
from portal.kit import context, limits
from portal.kit.api import ApiView
from portal.kit.models import KeptRequest, Note, OutboundMessage, SavedView
from portal.kit.paging import Cursor
from portal.kit.rest import render
from rbac.models import Binding
from tests.accounts.organisation_world import House, make_house
from tests.factories import World, person, signed_in
from tests.structure.test_surface import ROUTES, UUID_SAMPLE

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
KEPT = (User, Organisation, Membership, Invitation, Binding, SavedView, Note, OutboundMessage, JobRun, KeptRequest)
LOOKED = ("kit.access.denied", "accounts.session.entered_platform")


def kept() -> list[Any]:
    """What a refusal leaves as it is: every row that one could want to change, and the trail but for denials."""
    rows = [
        {name: value for name, value in row.items() if name != "last_seen_at"}  # Any request may write that.
        for model in KEPT
        for row in model._default_manager.order_by("pk").values()
    ]
    return [*rows, *Event.objects.exclude(code__in=LOOKED).order_by("id").values_list("code", "target_id", "reason")]


def denials() -> list[Event]:
    """The refusals in the trail, oldest first."""
    return list(Event.objects.filter(code="kit.access.denied").order_by("id"))


def code_of(reply: Any) -> str:
    """The typed code of a refusal: of the problem, or as the page shows it."""
    if reply["Content-Type"] == "application/problem+json":
        return str(json.loads(reply.content)["code"])
    found = re.search(r"\b(?:kit|accounts|audit|rbac|maintenance)\.[a-z_]+\b(?!\.)", reply.content.decode())
    assert reply["X-Error-Id"]
    return found[0] if found else ""


def call(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """A call of the API."""
    sent = b"" if body is None else render(body)
    return client.generic(method.upper(), path, sent, content_type="application/json", headers=headers or None)


def invited(house: House, email: str) -> Invitation:
    """An open invitation to an organisation."""
    actor = house.inside(house.owner)
    with context.acting(actor):
        made = invitations_create(
            actor=actor, organisation=house.organisation, addresses=[email], role=roles_by_code()["viewer"]
        )
    return made.sent[0]


@pytest.fixture
def here(world: World) -> House:
    return make_house("Harbour")


@pytest.fixture
def there(world: World) -> House:
    return make_house("Zanzibar")


@pytest.fixture
def owner(here: House, browser_of: Browser) -> Client:
    """The browser of who may do everything, but here only."""
    return browser_of(here.owner)


# --- in the path and the header ---


def _of_organisations() -> list[tuple[str, str]]:
    found = []
    for route, callback in ROUTES:
        view = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
        if "<uuid:organisation_id>" in route and isinstance(view, type) and issubclass(view, ApiView):
            found += [(method, f"/{route}") for method in view.endpoints if method != "head"]
    return found


@pytest.mark.parametrize(("method", "route"), _of_organisations())
def test_another_organisation_in_the_path_of_a_call_is_not_found(
    here: House, there: House, owner: Client, method: str, route: str
) -> None:
    ids = {
        "organisation_id": there.id,
        "membership_id": there.membership(there.viewer).pk,
        "invitation_id": invited(there, "guest@example.com").pk,
    }
    path = re.sub(r"<uuid:(\w+)>", lambda match: str(ids.get(match[1], UUID_SAMPLE)), route)
    body: dict[str, Any] | None = None if method in {"get", "delete"} else {}
    before = kept()
    named = call(owner, method, path, body, **{"Steward-Organisation": str(here.id)})
    theirs = call(owner, method, path, body, **{"Steward-Organisation": str(there.id)})
    assert theirs.status_code == 404
    assert code_of(theirs) == "kit.not_found"
    # Without the right the gate refuses before anything is looked up; a body is read after what it is for is found.
    assert (named.status_code, code_of(named)) in {(404, "kit.not_found"), (403, "kit.forbidden"), (422, "kit.invalid")}
    assert there.organisation.name not in named.content.decode()
    assert kept() == before


@pytest.mark.parametrize(
    "named", ["", "nonsense", "0", "null", "01890000-0000-7000-8000-000000000000", "' OR 1=1 --", "a" * 4000, "\t"]
)
def test_a_header_that_names_no_organisation_of_ones_own_is_not_found(owner: Client, named: str) -> None:
    before = kept()
    for method, path, body in (("GET", "/api/v1/organisations", None), ("POST", "/api/v1/organisations", {})):
        reply = call(owner, method, path, body, **{"Steward-Organisation": named})
        assert (reply.status_code, code_of(reply)) == (404, "kit.not_found"), named
    assert kept() == before


def test_an_address_and_a_header_that_name_two_organisations_name_none(
    here: House, there: House, owner: Client
) -> None:
    for house in (here, there):
        reply = owner.get(here.url("members"), headers={"Steward-Organisation": str(house.id)})
        assert reply.status_code == 404
        assert here.owner.name not in reply.content.decode()


# --- in a query ---


@pytest.mark.parametrize("below", ["members", "invitations"])
def test_a_cursor_of_another_organisation_opens_nothing_of_it(
    here: House, there: House, owner: Client, below: str
) -> None:
    own, foreign = invited(here, "here@example.com"), invited(there, "there@example.com")
    last, theirs = here.membership(here.viewer), there.membership(there.owner)
    row, mine = (theirs, last) if below == "members" else (foreign, own)
    secrets = {str(theirs.pk), str(foreign.pk), there.owner.email, "there@example.com", str(there.id)}
    for cursor in (Cursor(row.pk), Cursor(row.pk, backwards=True), Cursor(there.id)):
        page = owner.get(here.url(below), {"cursor": str(cursor)})
        told = call(
            owner,
            "GET",
            f"/api/v1/organisations/{here.id}/{below}?cursor={cursor}",
            **{"Steward-Organisation": str(here.id)},
        )
        assert (page.status_code, told.status_code) == (200, 200)
        shown = page.content.decode() + told.content.decode()
        assert [secret for secret in secrets if secret in shown.replace(str(cursor), "")] == []
    whole = owner.get(f"/api/v1/organisations/{here.id}/{below}", headers={"Steward-Organisation": str(here.id)})
    assert str(mine.pk) in whole.content.decode()


@pytest.mark.parametrize("name", ["organisation", "target", "actor", "request_id"])
def test_a_filter_of_the_trail_finds_no_event_of_another_organisation(
    here: House, there: House, owner: Client, name: str
) -> None:
    theirs = Event.objects.filter(organisation_id=there.id).order_by("id")
    ids = {str(one) for one in theirs.values_list("id", flat=True)}
    value = {"organisation": there.id, "target": there.owner.pk, "actor": there.owner.pk, "request_id": "a" * 32}[name]
    assert ids
    for path in (here.url("audit"), here.url("audit/table"), "/api/v1/audit/events"):
        header = {"Steward-Organisation": str(here.id)} if path.startswith("/api") else None
        reply = owner.get(path, {name: str(value), "cursor": str(Cursor(UUID(min(ids))))}, headers=header)
        assert reply.status_code in {200, 400, 403}, (path, reply.status_code)
        assert [one for one in ids if f"/{one}" in reply.content.decode()] == []
        assert there.organisation.name not in reply.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"tab": "nonsense"},
        {"tab": "members", "cursor": "' OR 1=1 --"},
        {"tab": "members", "cursor": "A" * 24},
        {"tab": "history", "cursor": "../../etc/passwd"},
    ],
)
def test_a_hostile_question_to_a_page_of_tabs_is_a_typed_refusal(
    here: House, world: World, browser_of: Browser, query: dict[str, str]
) -> None:
    reply = browser_of(world.admin).get(f"/platform/organisations/{here.id}", query)
    assert reply.status_code in {400, 404}
    assert reply["X-Error-Id"]


# --- in a form ---


def test_a_form_does_not_hand_the_organisation_to_a_member_of_another(here: House, there: House, owner: Client) -> None:
    before = kept()
    for member in (there.membership(there.admin).pk, there.id, there.admin.pk, "", "0"):
        reply = owner.post(here.url("settings"), {"do": "transfer", "member": str(member)})
        assert reply.status_code == 422, member
        assert 'aria-invalid="true"' in reply.content.decode()
    assert kept() == before


@pytest.mark.parametrize("todo", ["resend", "revoke"])
def test_a_form_does_not_reach_an_invitation_of_another_organisation(
    here: House, there: House, owner: Client, world: World, todo: str
) -> None:
    foreign = invited(there, "guest@example.com")
    staff = signed_in(world.admin)
    before = kept()
    for key in (foreign.pk, there.id, UUID_SAMPLE, "nonsense", ""):
        sent = {"do": todo, "invitation": str(key)}
        assert owner.post(here.url("invitations"), sent).status_code == 404, key
        page = f"/platform/organisations/{here.id}?tab=members"
        assert staff.post(page, sent).status_code == 404, key
    assert kept() == before


def test_nobody_leaves_or_joins_by_the_id_of_what_is_not_theirs(
    here: House, there: House, world: World, owner: Client
) -> None:
    foreign = invited(there, "guest@example.com")
    before = kept()
    for sent in (
        {"do": "leave", "organisation": str(there.id)},
        {"do": "leave", "organisation": str(here.membership(here.viewer).pk)},
        {"do": "accept", "invitation": str(foreign.pk)},
        {"do": "accept", "invitation": str(there.id)},
    ):
        reply = owner.post("/me/organisations", sent)
        assert reply.status_code in {403, 404, 409}, (sent, reply.status_code)
        assert there.organisation.name not in reply.content.decode()
    assert kept() == before


def test_a_saved_view_of_another_organisation_can_be_neither_opened_nor_changed(
    here: House, there: House, owner: Client, browser_of: Browser
) -> None:
    made = browser_of(there.owner).post(
        there.url("members"), {"do": "view-save", "name": "Ours alone", "shared": "on", "query": "state=active"}
    )
    assert made.status_code == 302
    view = SavedView.objects.get(name="Ours alone")
    before = kept()
    assert owner.get(here.url("members"), {"view": str(view.pk)}).status_code == 404
    for todo in ("view-change", "view-delete", "view-first", "view-role"):
        reply = owner.post(here.url("members"), {"do": todo, "view": str(view.pk), "name": "Taken", "first": "on"})
        assert reply.status_code in {403, 404}, todo
        assert "Ours alone" not in reply.content.decode()
    assert kept() == before


def test_a_role_of_the_installation_is_no_role_of_an_organisation(here: House, owner: Client) -> None:
    member = here.membership(here.viewer).pk
    before = kept()
    for role in ("super_admin", "manager", "nonsense", "", "\x00", "a" * 500):
        api = call(
            owner,
            "PATCH",
            f"/api/v1/organisations/{here.id}/members/{member}",
            {"role": role},
            **{"Steward-Organisation": str(here.id)},
        )
        expected = (400, "kit.body_malformed") if "\x00" in role else (422, "kit.invalid")
        assert (api.status_code, code_of(api)) == expected, role
        assert owner.post(here.url(f"members/{member}"), {"do": "role", "role": role}).status_code == 422, role
    assert kept() == before


# --- many at once ---


def test_one_id_that_is_not_theirs_leaves_the_whole_batch_undone(
    here: House, world: World, browser_of: Browser
) -> None:
    client, mine = browser_of(world.admin), person("Berta Silva")
    before = kept()
    for foreign in (here.id, here.membership(here.viewer).pk, UUID_SAMPLE):
        sent = {"do": "run", "action": "deactivate", "ids": [str(mine.pk), str(foreign)], "number": "2"}
        reply = client.post("/platform/people", sent)
        assert (reply.status_code, mine.is_active) == (404, True), foreign
    for broken in (["nonsense"], [str(mine.pk), "' OR 1=1"], [str(mine.pk)] * 2 + [""], ["\x00"]):
        assert client.post("/platform/people", {"do": "run", "action": "deactivate", "ids": broken}).status_code == 400
    assert kept() == before


def test_a_list_without_actions_takes_no_batch(here: House, there: House, owner: Client) -> None:
    before = kept()
    for action in ("deactivate", "remove", "give", "delete"):
        sent = {"do": "run", "action": action, "ids": [str(there.membership(there.viewer).pk)], "all": "1"}
        assert owner.post(here.url("members"), sent).status_code == 400, action
    assert kept() == before


# --- refused is in the trail ---


def test_a_member_without_the_right_is_refused_by_code_and_it_stands_in_the_trail(
    here: House, browser_of: Browser
) -> None:
    viewer = browser_of(here.viewer)
    header = {"Steward-Organisation": str(here.id)}
    member = f"/api/v1/organisations/{here.id}/members/{here.membership(here.editor).pk}"
    for method, path, body in (
        ("PATCH", f"/api/v1/organisations/{here.id}", {"name": "Mine"}),
        ("POST", f"/api/v1/organisations/{here.id}/invitations", {"addresses": ["a@example.com"], "role": "owner"}),
        ("PATCH", member, {"role": "viewer"}),
        ("DELETE", member, None),
        ("POST", f"/api/v1/organisations/{here.id}/suspend", {"reason": ""}),
    ):
        before, told = kept(), len(denials())
        reply = call(viewer, method, path, body, **header)
        assert (reply.status_code, code_of(reply)) == (403, "kit.forbidden"), (method, path)
        (denied,) = denials()[told:]
        assert (denied.actor_id, denied.organisation_id, denied.outcome) == (here.viewer.pk, here.id, "denied")
        assert kept() == before


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_in_a_header_or_a_form_is_not_believed_by_a_page(here: House, owner: Client, header: str) -> None:
    member = here.url(f"members/{here.membership(here.viewer).pk}")
    before = kept()
    assert owner.get(member, {"do": "remove", "_method": "POST"}, headers={header: "POST"}).status_code == 200
    assert owner.post(member, {"_method": "DELETE"}, headers={header: "DELETE"}).status_code == 400
    for method in ("put", "patch", "delete"):
        assert getattr(owner, method)(member).status_code == 405
    assert kept() == before


# --- too much ---


class Untouchable:
    """A body of which nothing may be read."""

    def read(self, *_size: Any) -> bytes:
        raise AssertionError("The body was read.")

    readline = read


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/organisations"),
        ("POST", "/api/v1/users"),
        ("PATCH", f"/api/v1/users/{UUID_SAMPLE}"),
        ("DELETE", f"/api/v1/audit/events/{UUID_SAMPLE}"),
        ("POST", "/platform/people"),
        ("POST", "/platform/people/new"),
        ("POST", "/platform/people/import"),
        ("POST", "/platform/organisations/new"),
        ("POST", "/me/organisations"),
        ("POST", "/sign-in"),
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_what_is_too_large_is_refused_by_its_length_before_it_is_read(
    world: World, browser_of: Browser, method: str, path: str, kind: str
) -> None:
    most = limits.API_BODY_BYTES if path.startswith("/api/") else limits.PAGE_BODY_BYTES
    client = browser_of(world.root)
    before = kept()
    for length in (most + 1, 10**30):
        extra: dict[str, Any] = {"CONTENT_LENGTH": str(length), "wsgi.input": Untouchable()}
        reply = client.generic(method, path, b"x", content_type=kind, **extra)
        assert reply.status_code == 413, (path, length)
        assert code_of(reply) in {"kit.too_large", ""}
    assert kept() == before
