"""Detail pages: one declaration gives head, tabs with rights of their own, notes, history and who has access."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from portal.kit import ids
from rbac.models import Role
from tests.accounts.helpers import denials, events, text_of
from tests.factories import World, person

Browser = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _routes(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.kit.detail_routes"


def _tabs(client: Client, user: User) -> list[str]:
    return [str(tab["label"]) for tab in client.get(f"/things/{user.pk}").context["tabs"]]


def test_the_head_shows_states_actions_and_the_way_back(world: World, browser_of: Browser) -> None:
    reply = browser_of(world.root).get(f"/things/{world.clerk.pk}")
    body, text = reply.content.decode(), text_of(reply)
    for words in (world.clerk.name, "Below it", "Fine", "But odd", "Not today.", "Seldom", "Never ever."):
        assert words in text, words
    assert '<a href="/things">Things</a>' in body
    assert 'href="/seldom"' in body
    assert "#building" in body
    assert body.count('aria-disabled="true"') == 2


def test_each_tab_asks_for_its_own_right(world: World, browser_of: Browser) -> None:
    assert _tabs(browser_of(world.root), world.clerk) == ["First part", "Access", "Notes", "History"]
    assert _tabs(browser_of(world.manager), world.clerk) == ["First part", "Notes", "History"]
    client = browser_of(world.manager)
    assert client.get(f"/things/{world.clerk.pk}?tab=access").status_code == 403
    assert denials() == ["kit.forbidden"]
    assert client.get(f"/things/{world.clerk.pk}?tab=other").status_code == 404
    assert client.get(f"/things/{ids.uuid7()}").status_code == 404
    assert browser_of(world.stranger).get(f"/things/{world.clerk.pk}").status_code == 403
    assert Client().get(f"/things/{world.clerk.pk}").status_code == 302


def test_access_lists_who_holds_the_right_and_by_which_role(world: World, browser_of: Browser) -> None:
    idle = person("Idle", role="admin", is_active=False)
    reply = browser_of(world.root).get(f"/things/{world.clerk.pk}?tab=access")
    rows = {row["label"]: row["role_label"] for row in reply.context["subjects"].items}
    labels = dict(Role.objects.filter(catalogue="platform").values_list("code", "label"))
    assert rows == {str(world.root): labels["super_admin"], str(world.admin): labels["admin"]}
    assert str(idle) not in text_of(reply)
    assert f'href="/platform/people/{world.admin.pk}"' in reply.content.decode()


def test_a_long_list_of_who_has_access_has_pages(world: World, browser_of: Browser) -> None:
    for _ in range(60):
        person(role="admin")
    client = browser_of(world.root)
    first = client.get(f"/things/{world.clerk.pk}?tab=access")
    more = first.context["subjects"].next_url
    assert more.startswith("?tab=access&cursor=")
    second = client.get(f"/things/{world.clerk.pk}{more}")
    labels = [row["url"] for reply in (first, second) for row in reply.context["subjects"].items]
    assert len(labels) == len(set(labels)) == 62
    assert client.get(f"/things/{world.clerk.pk}?tab=access&cursor=x").status_code == 400


def test_notes_and_history_come_with_the_declaration(world: World, browser_of: Browser) -> None:
    client, url = browser_of(world.manager), f"/things/{world.clerk.pk}"
    assert client.post(f"{url}?tab=notes", {"text": "By one declaration."})["Location"] == f"{url}?tab=notes"
    assert "By one declaration." in text_of(client.get(f"{url}?tab=notes"))
    assert f"A note on {world.clerk.name} was added" in text_of(client.get(f"{url}?tab=history"))
    assert len(events("kit.note.added")) == 1


def test_a_tab_without_forms_takes_none(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    for tab in ("overview", "access", "history"):
        assert client.post(f"/things/{world.clerk.pk}?tab={tab}", {"text": "x"}).status_code == 405


def test_a_refused_act_answers_with_the_page_and_the_reason(world: World, browser_of: Browser) -> None:
    reply = browser_of(world.root).post(f"/things/{world.clerk.pk}/act")
    assert reply.status_code == 409
    assert "Come back tomorrow." in text_of(reply)
    # The tabs lead to the page itself, not to the address of the act.
    assert [tab["url"] for tab in reply.context["tabs"]][:2] == [
        f"/things/{world.clerk.pk}",
        f"/things/{world.clerk.pk}?tab=access",
    ]
    assert browser_of(world.root).get(f"/things/{world.clerk.pk}/act").status_code == 405
