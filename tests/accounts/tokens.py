"""A client of the API that keeps no cookies: what the tests of tokens call with."""

import json
from typing import Any
from uuid import UUID

from django.test import Client

from accounts.models import User
from tests.factories import PASSWORD


def call(
    method: str,
    path: str,
    body: Any = None,
    *,
    token: str = "",
    client: Client | None = None,
    organisation: UUID | None = None,
    authorization: str = "",
) -> Any:
    """A call with a JSON body and, if given, an access token. The client checks form tokens, as a real server does."""
    sent = b"" if body is None else json.dumps(body).encode()
    bears = f"Bearer {token}" if token else authorization
    headers = {"Authorization": bears} if bears else {}
    headers |= {"Steward-Organisation": str(organisation)} if organisation else {}
    asking = client or Client(enforce_csrf_checks=True)
    return asking.generic(method.upper(), f"/api/v1/{path}", sent, content_type="application/json", headers=headers)


def login(identifier: str, password: str = PASSWORD, **more: Any) -> Any:
    """Sign in by the API."""
    return call("post", "auth/login", {"identifier": identifier, "password": password, **more})


def tokens_of(user: User, **more: Any) -> dict[str, Any]:
    """The tokens of a new sign-in."""
    reply = login(user.username, **more)
    assert reply.status_code == 200, reply.content
    found: dict[str, Any] = reply.json()
    assert found["second_factor_required"] is False
    return found


def refresh(token: str) -> Any:
    """Exchange a refresh token."""
    return call("post", "auth/refresh", {"refresh_token": token})


def opens(token: str, path: str = "auth/session") -> int:
    """What the API answers to an access token."""
    status: int = call("get", path, token=token).status_code
    return status
