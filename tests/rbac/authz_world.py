"""What tests of the authorisation API share: calls of a client and of a key, and a house with things of a product."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client

from accounts.models import User
from accounts.services.keys import key_create
from portal.kit import clock, context, tenancy
from portal.kit.services import writing
from rbac.conditions import conditions_clean
from rbac.holders import Holder
from rbac.models import Application, Binding, ExternalPerson, Resource, Role, UserGrant
from rbac.services import grant_give
from rbac.services.external_people import external_person_put
from tests.accounts.organisation_world import House
from tests.factories import signed_in

PREFIX = "/api/v1/authz/"
READ = "product/project:read"
UPDATE = "product/project:update"


@dataclass(frozen=True)
class Caller:
    """A client of the API, standing in an organisation."""

    client: Client

    def post(self, call: str, body: Any) -> Any:
        """One call."""
        return self.client.post(f"{PREFIX}{call}", json.dumps(body), content_type="application/json")

    def told(self, call: str, body: Any, status: int = 200) -> Any:
        """What a call answers."""
        reply = self.post(call, body)
        assert reply.status_code == status, reply.content[:600]
        return reply.json()

    def allowed(self, user: User | None, code: str, resource: Any = None, **more: Any) -> bool:
        """The answer to one question."""
        return bool(self.told("check", question(user, code, resource, **more))["allowed"])

    def changes(self, cursor: str | None = None, **query: Any) -> Any:
        """A part of the feed."""
        asked = {**query, **({} if cursor is None else {"cursor": cursor})}
        return self.client.get(f"{PREFIX}changes", asked)


def question(user: User | None, code: str, resource: Any = None, **more: Any) -> dict[str, Any]:
    """A question about a person, by its id, and a resource."""
    body: dict[str, Any] = {"permission": code} | more
    if user is not None:
        body["subject"] = {"type": "service_account" if user.kind == "service" else "user", "id": str(user.pk)}
    if resource is not None:
        body["resource"] = thing(resource) if isinstance(resource, Resource) else resource
    return body


def thing(resource: Resource) -> dict[str, str]:
    """How a product names its resource."""
    return {
        "type": f"{resource.type.application.code}/{resource.type.code}",
        "external_id": resource.external_id,
    }


def inside(house: House, user: User) -> Caller:
    """The browser of somebody, standing in an organisation."""
    client = signed_in(user)
    client.defaults["HTTP_STEWARD_ORGANISATION"] = str(house.id)
    return Caller(client)


def by_key(house: House, user: User, *scopes: str) -> Caller:
    """A program that holds a key of somebody in an organisation; without scopes, for all that its owner may."""
    with context.acting(house.inside(user)):
        _key, secret = key_create(
            actor=house.inside(user),
            name="Host",
            scopes=list(scopes) or None,
            expires_at=clock.now() + timedelta(days=1),
            organisation_id=house.id,
        )
    return Caller(Client(headers={"Authorization": f"Bearer {secret}"}))


def give(house: House, user: User, role: str, where: Any = None, **values: Any) -> Binding:
    """A role of the product for somebody, in all of the organisation or on a part of it."""
    found = Role.objects.get(catalogue=values.pop("catalogue", "product"), code=role)
    if "conditions" in values:
        values["conditions"] = conditions_clean(values["conditions"])
    fields = {"scope_id": house.id if where is None else where.pk, "user": user, "role": found} | values
    with context.system("a test"), writing(), tenancy.within(house.id):
        return Binding.objects.create(**fields)


def take(house: House, binding: Binding) -> None:
    """Take a role away."""
    with context.system("a test"), writing(), tenancy.within(house.id):
        Binding.objects.filter(pk=binding.pk).delete()


def grant(house: House, user: User, code: str, target: Any) -> UserGrant:
    """One right on one object."""
    with context.acting(house.inside(house.owner)):
        made = grant_give(actor=house.inside(house.owner), holder=Holder(person_id=user.pk), code=code, target=target)
    assert isinstance(made, UserGrant)
    return made


def call_them(house: House, user: User, external_id: str) -> ExternalPerson:
    """Tell by which id the product knows somebody."""
    owner = house.inside(house.owner)
    with context.acting(owner):
        return external_person_put(
            actor=owner,
            organisation_id=house.id,
            application=Application.objects.get(code="product"),
            external_id=external_id,
            person_id=user.pk,
        )[0]
