"""Keys for tests: made through the service, used by a client that bears one."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.test import Client

from accounts.models import Key, ServiceAccount, User
from accounts.services.keys import key_create
from accounts.services.memberships import roles_by_code
from accounts.services.service_accounts import service_account_create
from portal.kit import clock, context
from portal.kit.context import Actor
from portal.kit.rest import render
from tests.accounts.organisation_world import House
from tests.factories import actor_of

MONTH = timedelta(days=30)


def make_key(
    user: User,
    house: House | None = None,
    *,
    scopes: Collection[str] | None = None,
    service: ServiceAccount | None = None,
    lasts: timedelta = MONTH,
    **values: Any,
) -> tuple[Key, str]:
    """A key of `user` for the installation or in a house, or one that `user` makes for a service account; its secret."""
    actor = house.inside(user) if house is not None else actor_of(user)
    with context.acting(actor):
        return key_create(
            actor=actor,
            name=values.pop("name", "Deployment"),
            scopes=scopes,
            expires_at=clock.now() + lasts,
            organisation_id=house.id if house is not None else None,
            service=service,
            **values,
        )


def make_service(
    house: House, role: str = "editor", *, handle: str = "deploy", by: User | None = None
) -> ServiceAccount:
    """A service account of a house, made by its owner unless somebody else is named."""
    actor = house.inside(by or house.owner)
    with context.acting(actor):
        return service_account_create(
            actor=actor,
            organisation=house.organisation,
            name="Deployment robot",
            handle=handle,
            role=roles_by_code()[role],
            description="Rolls out new versions.",
        )


def call(secret: str, path: str = "/api/v1/auth/session", method: str = "GET", body: Any = None, **headers: str) -> Any:
    """A call of the API with a key, from a browserless client."""
    address = headers.pop("address", "")
    sent = b"" if body is None else render(body)
    extra: dict[str, Any] = {"REMOTE_ADDR": address} if address else {}
    return Client(enforce_csrf_checks=True).generic(
        method,
        path,
        sent,
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}", **headers},
        **extra,
    )


def acting_in(house: House, user: User) -> Actor:
    """A person standing in a house."""
    return house.inside(user)


def row(key: Key | UUID) -> Key:
    """A key as it is now."""
    return Key.objects.select_related("owner", "organisation").get(pk=key.pk if isinstance(key, Key) else key)
