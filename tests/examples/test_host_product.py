"""The sample host product against a real Steward: its routes, revokes, a Steward that is away, other tenants."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from accounts.models import User
from accounts.services.keys import key_create
from billing.models import UsageRollup
from docs.examples.host_product import create_app
from docs.examples.host_product.store import Store
from docs.examples.steward_client import (
    Forbidden,
    Invalid,
    NotFound,
    Question,
    Resource,
    Steward,
    Subject,
    Thing,
    Unauthenticated,
)
from portal.kit import clock, context
from rbac.models import Role
from tests.accounts.organisation_world import House, join, make_house
from tests.billing.money_world import customer_of
from tests.billing.subscription_world import subscribed
from tests.billing.usage_world import plan
from tests.browser.server import Web, free_port
from tests.rbac.authz_world import READ, call_them
from tests.waiting import wait_for

PROJECT = "product/project"


@dataclass
class Host:
    """A host product of one organisation, and its client of Steward."""

    house: House
    steward: Steward
    browser: FlaskClient
    store: Store

    def call(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """A call of somebody's browser."""
        return self.browser.open(path, method=method, json=body, headers={"Product-User": who})


def _secret(house: House, user: User, *scopes: str) -> str:
    with context.acting(house.inside(user)):
        _key, secret = key_create(
            actor=house.inside(user),
            name="Product",
            scopes=list(scopes) or None,
            expires_at=clock.now() + timedelta(days=1),
            organisation_id=house.id,
        )
    return secret


def _host(house: House, url: str, secret: str, **values: Any) -> Host:
    steward = Steward(url, secret, application="product", pause=lambda seconds: None, **values)
    store = Store()
    app = create_app(steward, store, lambda request: request.headers.get("Product-User", ""))
    return Host(house, steward, app.test_client(), store)


@pytest.fixture
def web(own_database: dict[str, str]) -> Iterator[Web]:
    """A Steward of the test's own."""
    served = Web(own_database)
    try:
        yield served
    finally:
        served.stop()


@pytest.fixture
def host_of(web: Web) -> Iterator[Callable[..., Host]]:
    """Makes a host product for an organisation."""
    made: list[Host] = []

    def make(name: str, **values: Any) -> Host:
        house = make_house(name)
        for role in ("owner", "admin", "editor", "viewer"):
            call_them(house, getattr(house, role), f"{name.lower()}-{role}")
        made.append(_host(house, web.url, _secret(house, house.owner), **values))
        return made[-1]

    yield make
    for one in made:
        one.steward.close()


def _role(code: str) -> str:
    return str(Role.objects.get(catalogue="product", code=code).pk)


def test_the_product_lets_in_whom_steward_lets_in(host_of: Callable[..., Host]) -> None:
    host = host_of("Harbour")
    house, steward = host.house, host.steward
    organisation = str(house.id)
    assert host.call("", "GET", "/projects").status_code == 401
    assert host.call("harbour-editor", "POST", "/projects", {"name": "Survey"}).status_code == 403
    assert host.store.projects == {}
    steward.bind(organisation, str(house.editor.pk), _role("developer"), organisation)
    made = host.call("harbour-editor", "POST", "/projects", {"name": "Survey"})
    assert made.status_code == 201
    path = f"/projects/{made.json['id']}"
    document = host.call("harbour-editor", "POST", f"{path}/documents", {"text": "Depths"}).json["id"]

    # Nobody else sees it, until somebody gives a role on the very project; and the very next call knows of its end.
    thing = Thing(PROJECT, made.json["id"])
    assert host.call("harbour-viewer", "GET", path).status_code == 404
    assert host.call("harbour-viewer", "GET", "/projects").json == []
    scope = steward.put_resource(Resource(PROJECT, made.json["id"], "Survey")).id
    held = steward.bind(organisation, str(house.viewer.pk), _role("operator"), scope, "helps out")
    assert host.call("harbour-viewer", "GET", path).json["name"] == "Survey"
    assert [one["name"] for one in host.call("harbour-viewer", "GET", "/projects").json] == ["Survey"]
    assert host.call("harbour-viewer", "GET", f"{path}/documents/{document}").json == {"text": "Depths"}
    assert host.call("harbour-viewer", "DELETE", path).status_code == 404
    assert {one.external_id for one in steward.list_subjects(READ, thing)} == {"harbour-editor", "harbour-viewer"}
    told = steward.explain(Question(Subject.user("harbour-viewer"), READ, thing))
    assert told.paths == ("The role Operator on Survey gives it.",)
    steward.unbind(organisation, held)
    assert host.call("harbour-viewer", "GET", path).status_code == 404
    assert host.call("harbour-viewer", "GET", f"{path}/documents/{document}").status_code == 404
    assert host.call("harbour-viewer", "GET", "/projects").json == []

    assert host.call("harbour-editor", "DELETE", path).status_code == 204
    assert host.store.projects == {}
    assert not steward.can(Subject.user("harbour-editor"), READ, thing), "it is not there any more"


def test_a_metered_route_is_counted_and_stops_where_the_plan_stops(host_of: Callable[..., Host]) -> None:
    host = host_of("Harbour")
    house, steward = host.house, host.steward
    organisation = str(house.id)
    subscribed(
        customer_of(house.organisation), plan({"exports": (None, 2)}, code="small"), f"{clock.now():%Y-%m-%dT%H:%M}"
    )
    steward.bind(organisation, str(house.editor.pk), _role("developer"), organisation)
    made = host.call("harbour-editor", "POST", "/projects", {"name": "Survey"}).json
    path = f"/projects/{made['id']}/documents"
    document = host.call("harbour-editor", "POST", path, {"text": "Depths"}).json["id"]
    meters = host.browser.application.extensions["meters"]

    def export(who: str = "harbour-editor") -> Any:
        reply = host.call(who, "GET", f"{path}/{document}/export")
        meters.flush()
        return reply

    assert export("harbour-viewer").status_code == 404
    assert [export().text, export().text] == ["Depths", "Depths"]
    over = export()
    assert (over.status_code, over.json["limit"]) == (402, 2)
    assert UsageRollup.objects.get(grain="day").total == 2
    assert meters.refused == []


def test_ids_of_another_tenant_lead_nowhere(host_of: Callable[..., Host]) -> None:
    here, there = host_of("Harbour"), host_of("Island")
    there.steward.put_resources([Resource(PROJECT, "prj-1", "Theirs"), Resource(PROJECT, "prj-2", "Theirs")])
    organisation = str(there.house.id)
    there.steward.bind(organisation, str(there.house.viewer.pk), _role("admin"), organisation)
    theirs = Subject(str(there.house.viewer.pk))
    assert there.steward.can(theirs, READ, Thing(PROJECT, "prj-1")), "the control"
    assert not here.steward.can(theirs, READ, Thing(PROJECT, "prj-1"))
    assert not here.steward.can(Subject.user("island-viewer"), READ, Thing(PROJECT, "prj-1"))
    assert list(here.steward.list_objects(theirs, READ, PROJECT)) == []
    with pytest.raises(NotFound):
        list(here.steward.list_subjects(READ, Thing(PROJECT, "prj-1")))
    with pytest.raises(NotFound):
        here.steward.explain(Question(theirs, READ))
    with pytest.raises(NotFound):
        here.steward.bind(organisation, str(here.house.viewer.pk), _role("admin"), organisation)
    answers = there.steward.batch_check(
        [Question(theirs, READ, Thing(PROJECT, key)) for key in ("prj-1", "x", "prj-2")]
    )
    assert [one.allowed for one in answers] == [True, False, True]


def test_while_steward_is_away_the_product_lets_nobody_in(host_of: Callable[..., Host], web: Web) -> None:
    host = host_of("Harbour")
    organisation = str(host.house.id)
    host.steward.bind(organisation, str(host.house.editor.pk), _role("developer"), organisation)
    made = host.call("harbour-editor", "POST", "/projects", {"name": "Survey"}).json
    path = f"/projects/{made['id']}"
    assert host.call("harbour-editor", "GET", path).status_code == 200
    web.stop()
    assert host.call("harbour-editor", "GET", path).status_code == 404
    assert host.call("harbour-editor", "POST", "/projects", {"name": "Two"}).status_code == 403
    assert host.call("harbour-editor", "GET", "/projects").status_code == 503
    assert list(host.store.projects) == [made["id"]]


def test_what_is_kept_goes_with_the_feed(host_of: Callable[..., Host]) -> None:
    host = host_of("Harbour", cached=True)
    steward, house = host.steward, host.house
    organisation, anna = str(house.id), Subject.user("harbour-viewer")
    steward.put_resource(Resource(PROJECT, "prj-1", "Survey"))
    held = steward.bind(organisation, str(house.viewer.pk), _role("viewer"), organisation)
    assert steward.cache is not None
    cache, question = steward.cache, Question(anna, READ, Thing(PROJECT, "prj-1"))

    def kept() -> bool:
        assert steward.can(anna, READ, question.thing)
        cache.refresh()
        return cache.get(question) is not None

    def gone() -> bool:
        cache.refresh()
        return cache.get(question) is None

    # A change is told again for as long as a transaction from before it is open, which may be one of another database.
    wait_for(kept, what="a feed without news", seconds=30)
    steward.unbind(organisation, held)
    assert not steward.check(question), "asked, it is known at once"
    wait_for(gone, what="the news of the end", seconds=30)
    assert not steward.can(anna, READ, question.thing)


def test_a_wrong_key_and_a_narrow_one_are_told_so(host_of: Callable[..., Host], web: Web) -> None:
    host = host_of("Harbour")
    newcomer = join(host.house.organisation, "viewer")
    asked = Question(Subject(str(newcomer.pk)), "resource:read")
    assert host.steward.check(asked)
    with pytest.raises(Invalid, match="code_unknown"):
        host.steward.check(Question(asked.subject, "product/project:nothing"))
    narrow = _host(host.house, web.url, _secret(host.house, host.house.admin, "resource:read"))
    with pytest.raises(Forbidden):
        narrow.steward.check(asked)
    with pytest.raises(Unauthenticated):
        _host(host.house, web.url, "sk_live_" + "0" * 38).steward.check(asked)
    assert not _host(host.house, f"http://127.0.0.1:{free_port()}", "sk_live_" + "0" * 38).steward.can(*_as_can(asked))


def _as_can(question: Question) -> tuple[Subject, str]:
    return question.subject, question.permission
