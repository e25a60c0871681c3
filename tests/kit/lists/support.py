"""What the tests of lists share."""

import re
from html import unescape
from typing import Any

from django.test import Client

from accounts.models import User
from portal.kit import context, ids
from portal.kit.services import writing

URL = "/platform/people"


def crowd(number: int, **values: Any) -> list[User]:
    """People with names in their order."""
    people = []
    for place in range(number):
        handle = f"crowd{place:04}"
        fields = {"id": ids.uuid7(), "username": handle, "email": f"{handle}@example.org", "name": f"Crowd {place:04}"}
        people.append(User(**(fields | values)))
    with context.system("a test"), writing():
        User.objects.bulk_create(people)
    return people


def shown(response: Any) -> list[str]:
    """The ids of the rows, in order."""
    return re.findall(r'name="ids" value="([0-9a-f-]{36})"', response.content.decode())


def heads(response: Any) -> list[str]:
    """The heads of the columns, in order."""
    found = re.findall(r'<th scope="col" class="(?:num)?"[^>]*>(.*?)</th>', response.content.decode(), re.DOTALL)
    return [re.sub(r"<[^>]+>", "", head).strip() for head in found]


def hidden(response: Any, name: str) -> str:
    """The value of the last hidden field of that name."""
    found = re.findall(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found, f"the page carries no {name}"
    return unescape(found[-1])


def act(client: Client, action: str, users: list[User] | None, *, query: str = "", **more: Any) -> Any:
    """Press an action: the selected people, or all that match."""
    chosen = {"ids": [str(user.pk) for user in users]} if users is not None else {"all": "1"}
    return client.post(URL, {"do": "act", "action": action, "query": query, **chosen, **more})


def run(client: Client, action: str, users: list[User] | None, *, query: str = "", **more: Any) -> Any:
    """Confirm it."""
    chosen = {"ids": [str(user.pk) for user in users]} if users is not None else {"all": "1"}
    return client.post(URL, {"do": "run", "action": action, "query": query, **chosen, **more})
