"""Saved views and arrangements: who sees which, what the list opens with, and what is refused."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from accounts.lists import people
from accounts.models import User
from portal.kit import context, errors
from portal.kit.lists import services
from portal.kit.models import ListPreference, SavedView
from portal.kit.services import writing
from rbac.models import Role
from tests.accounts.helpers import denials, events, text_of
from tests.factories import World, actor_of, person
from tests.kit.lists.support import URL, crowd, heads, shown

Browser = Callable[[User], Client]


def _save(client: Client, name: str, query: str = "state=inactive", **more: str) -> SavedView:
    reply = client.post(URL, {"do": "view-save", "name": name, "query": query, **more})
    assert reply.status_code == 302, text_of(reply)
    return SavedView.objects.get(name=name)


def test_a_view_keeps_the_question_and_is_seen_by_its_owner_alone(world: World, browser_of: Browser) -> None:
    gone = crowd(2, is_active=False)
    client = browser_of(world.root)
    view = _save(client, "Gone people", "state=inactive&sort=-created&columns=person,email&cursor=")
    assert view.query == "state=inactive&sort=-created&columns=person%2Cemail"
    page = client.get(f"{URL}?view={view.pk}")
    assert set(shown(page)) == {str(user.pk) for user in gone}
    assert heads(page) == ["Person", "E-mail address"]
    assert "Gone people" in text_of(client.get(URL))
    other = browser_of(world.admin)
    assert "Gone people" not in text_of(other.get(URL))
    assert other.get(f"{URL}?view={view.pk}").status_code == 404
    assert [event.target_label for event in events("kit.view.saved")] == ["Gone people"]


def test_a_shared_view_shows_everybody_only_what_they_may_see(world: World, browser_of: Browser) -> None:
    view = _save(browser_of(world.root), "For all", shared="on")
    other = browser_of(world.manager)
    assert "For all" in text_of(other.get(URL))
    assert other.get(f"{URL}?view={view.pk}").status_code == 200
    assert browser_of(world.stranger).get(f"{URL}?view={view.pk}").status_code == 403
    for do in ("view-change", "view-delete"):
        assert other.post(URL, {"do": do, "view": str(view.pk), "name": "Mine now"}).status_code == 404
    view.refresh_from_db()
    assert view.name == "For all"
    assert events("kit.view.deleted") == []


def test_a_view_is_renamed_changed_and_deleted_by_its_owner(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    view = _save(client, "First name")
    client.post(URL, {"do": "view-change", "view": str(view.pk), "name": "Second name", "shared": "on"})
    client.post(URL, {"do": "view-change", "view": str(view.pk), "keep": "1", "query": "q=ada"})
    view.refresh_from_db()
    assert (view.name, view.shared, view.query) == ("Second name", True, "q=ada")
    changed = events("kit.view.changed")
    assert len(changed) == 2
    assert "ada" not in str(changed[1].changes)  # What is searched for may name somebody.
    client.post(URL, {"do": "view-delete", "view": str(view.pk)})
    assert not SavedView.objects.exists()
    assert len(events("kit.view.deleted")) == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "all", "two\u202elines"])
def test_a_view_needs_a_readable_name(world: World, browser_of: Browser, name: str) -> None:
    client = browser_of(world.root)
    client.post(URL, {"do": "view-save", "name": name})
    assert not SavedView.objects.exists()
    assert "Give a name" in text_of(client.get(URL))


def test_names_are_once_per_person_whatever_the_case(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    _save(client, "Mine")
    client.post(URL, {"do": "view-save", "name": "mine"})
    assert "a view of this name already" in text_of(client.get(URL))
    _save(browser_of(world.admin), "MINE")
    assert SavedView.objects.count() == 2


def test_a_question_that_the_list_does_not_understand_is_not_saved(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    for query in ("state=nonsense", "password__startswith=a", "sort=password"):
        assert client.post(URL, {"do": "view-save", "name": "Bad", "query": query}).status_code == 400
    assert not SavedView.objects.exists()


def test_a_view_that_a_later_version_does_not_understand_shows_the_whole_list(
    world: World, browser_of: Browser
) -> None:
    view = _save(browser_of(world.root), "Old")
    with context.system("a test"), writing():
        SavedView.objects.filter(pk=view.pk).update(query="gone_filter=1")
    page = browser_of(world.root).get(f"{URL}?view={view.pk}")
    assert len(shown(page)) == User.objects.count()


def test_the_list_opens_with_the_own_first_view_and_all_is_still_reachable(world: World, browser_of: Browser) -> None:
    gone = crowd(2, is_active=False)
    client = browser_of(world.root)
    view = _save(client, "Gone")
    client.post(URL, {"do": "view-first", "view": str(view.pk), "first": "1"})
    page = client.get(URL)
    assert set(shown(page)) == {str(user.pk) for user in gone}
    assert f"{URL}?view=all" in page.content.decode()
    assert len(shown(client.get(f"{URL}?view=all"))) == User.objects.count()
    assert len(shown(client.get(f"{URL}?q=root"))) == 1
    client.post(URL, {"do": "view-first", "view": str(view.pk)})
    assert len(shown(client.get(URL))) == User.objects.count()
    assert len(shown(browser_of(world.admin).get(URL))) == User.objects.count()


def test_a_role_opens_with_its_view_unless_the_person_chose_another(world: World, browser_of: Browser) -> None:
    gone = {str(user.pk) for user in crowd(2, is_active=False)}
    role = Role.objects.get(catalogue="platform", code="manager")
    client = browser_of(world.root)
    view = _save(client, "For managers")
    client.post(URL, {"do": "view-role", "view": str(view.pk), "role": str(role.pk)})
    view.refresh_from_db()
    assert (view.role_id, view.shared) == (role.pk, True)
    manager = browser_of(world.manager)
    assert set(shown_links(manager.get(URL))) == gone
    assert len(shown(browser_of(world.admin).get(URL))) == User.objects.count()
    other = _save(client, "Another", "q=root", shared="on")
    manager.post(URL, {"do": "view-first", "view": str(other.pk), "first": "1"})
    assert shown_links(manager.get(URL)) == [str(world.root.pk)]
    client.post(URL, {"do": "view-role", "view": str(other.pk), "role": str(role.pk)})
    view.refresh_from_db()
    assert view.role_id is None  # One role, one first view.
    reply = client.post(URL, {"do": "view-change", "view": str(other.pk), "name": "Another"})
    assert reply.status_code == 302
    other.refresh_from_db()
    assert other.shared  # Hidden, the role would begin with nothing.


def shown_links(response: object) -> list[str]:
    """The people of a page on which nothing can be selected."""
    import re

    return re.findall(r'class="who"\s+href="/platform/people/([0-9a-f-]{36})"', response.content.decode())  # type: ignore[attr-defined]


def test_only_who_runs_the_installation_gives_roles_their_first_view(world: World, browser_of: Browser) -> None:
    manager = browser_of(world.manager)
    view = _save(manager, "Mine", shared="on")
    role = Role.objects.get(catalogue="platform", code="manager")
    assert manager.post(URL, {"do": "view-role", "view": str(view.pk), "role": str(role.pk)}).status_code == 403
    view.refresh_from_db()
    assert view.role_id is None
    assert denials()
    assert browser_of(world.root).post(URL, {"do": "view-role", "view": str(view.pk), "role": "x"}).status_code == 400
    assert browser_of(world.root).post(URL, {"do": "view-role", "view": str(uuid4())}).status_code == 404


def test_columns_order_sort_density_and_size_stay_with_the_person(world: World, browser_of: Browser) -> None:
    crowd(30)
    client = browser_of(world.root)
    sent = {
        "do": "columns",
        "order": ["person", "email", "state", "seen"],
        "column": ["person", "email", "seen"],
        "sort": "-username",
        "limit": "25",
        "density": "compact",
        "query": "q=crowd&sort=person",
    }
    reply = client.post(URL, sent)
    assert reply["Location"] == f"{URL}?q=crowd"
    page = client.get(URL)
    assert heads(page) == ["Person", "E-mail address", "Last seen"]
    assert len(shown(page)) == 25
    names = list(User.objects.order_by("-username", "-id").values_list("pk", flat=True)[:25])
    assert shown(page) == [str(pk) for pk in names]
    assert 'class="cards list compact' in page.content.decode()
    assert len(shown(browser_of(world.admin).get(URL))) > 25
    assert heads(client.get(f"{URL}?columns=state")) == ["Person", "Status"]
    client.post(URL, {"do": "reset"})
    assert not ListPreference.objects.exists()
    assert "User name" in heads(client.get(URL))


def test_columns_move_without_scripts(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    order = ["person", "state", "roles", "seen"]
    reply = client.post(URL, {"do": "columns", "order": order, "column": order, "move": "seen:up"})
    assert "arrange=1" in reply["Location"]
    page = client.get(reply["Location"])
    assert heads(page) == ["Person", "Status", "Last seen", "Roles"]
    assert '<details class="drop flow" open' in page.content.decode()
    for move in ("person:up", "seen:down", "nothing:up", "state", ":"):
        assert client.post(URL, {"do": "columns", "order": order, "column": order, "move": move}).status_code == 302


def test_a_sort_that_is_pressed_is_remembered_and_a_wrong_one_refused(world: World, browser_of: Browser) -> None:
    client = browser_of(world.manager)
    assert client.post(URL, {"do": "sort", "sort": "-created"}).status_code == 204
    assert client.post(URL, {"do": "sort", "sort": "password"}).status_code == 422
    assert ListPreference.objects.get().sort == "-created"
    assert client.post(URL, {"do": "columns", "order": ["x"], "column": ["x"]}).status_code == 422
    assert client.post(URL, {"do": "columns", "limit": "7"}).status_code == 422


def test_a_column_that_is_gone_does_no_harm(world: World, browser_of: Browser) -> None:
    with context.system("a test"), writing():
        ListPreference.objects.create(
            person=world.root, list_name="accounts.people", columns=["person", "gone"], sort="gone"
        )
    assert heads(browser_of(world.root).get(URL)) == ["Person"]


def test_services_ask_for_the_right_to_see_the_list(world: World) -> None:
    actor = actor_of(world.stranger)
    with context.acting(actor):
        for service, values in (
            (services.preference_save, {"values": {"sort": "person"}}),
            (services.preference_reset, {}),
            (services.view_save, {"name": "x", "query": ""}),
            (services.view_change, {"view_id": uuid4(), "values": {}}),
            (services.view_delete, {"view_id": uuid4()}),
            (services.view_assign, {"view_id": uuid4(), "role_id": None}),
        ):
            with pytest.raises(errors.Forbidden):
                service(actor=actor, declared=people, **values)
    assert not ListPreference.objects.exists()
    assert not SavedView.objects.exists()


def test_a_person_keeps_a_bounded_number_of_views(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "VIEWS_LIMIT", 2)
    keeper = person("Keeper", role="manager")
    actor = actor_of(keeper)
    with context.acting(actor):
        for number in range(2):
            services.view_save(actor=actor, declared=people, name=f"View {number}", query="")
        with pytest.raises(errors.Conflict):
            services.view_save(actor=actor, declared=people, name="One more", query="")
    assert SavedView.objects.count() == 2
