"""What tests of the API of money share."""

import json
from typing import Any

from django.test import Client


def eur(amount: Any) -> dict[str, Any]:
    """Euros as the API has them, in cents; whatever number a test wants to send."""
    return {"amount": amount, "currency": "EUR"}


def called(client: Client, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Status and body of what the API answers at a path below /api/v1."""
    data = json.dumps(body) if body is not None else ""
    reply = client.generic(method, f"/api/v1/{path}", data, "application/json", headers=headers)
    return reply.status_code, json.loads(reply.content or b"null")


def named(problem: dict[str, Any]) -> list[str]:
    """The fields that a refusal names."""
    return [one["field"] for one in problem["errors"]]
