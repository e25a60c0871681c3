"""Bulk actions: selection, confirmation, refusals, undo, and the job for many."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.lists import people
from accounts.models import User
from maintenance import publisher, runner
from maintenance.models import JobRun
from portal.kit import clock, context, ids
from portal.kit.lists import bulk
from portal.kit.services import writing
from tests.accounts.helpers import denials, events, footprint, roles, text_of
from tests.factories import World
from tests.kit.lists.support import URL, act, crowd, hidden, run

Browser = Callable[[User], Client]


def _active(users: list[User]) -> list[bool]:
    found = dict(User.objects.filter(pk__in=[user.pk for user in users]).values_list("pk", "is_active"))
    return [found[user.pk] for user in users]


def test_selected_people_are_deactivated_after_a_question_that_names_their_number(
    world: World, browser_of: Browser
) -> None:
    chosen = crowd(3)
    client = browser_of(world.root)
    asked = act(client, "deactivate", chosen)
    assert asked.status_code == 200
    assert "Deactivate 3 people?" in text_of(asked)
    assert _active(chosen) == [True] * 3
    done = run(client, "deactivate", chosen, reason="Left the company")
    assert "Deactivated: 3 people." in text_of(done)
    assert _active(chosen) == [False] * 3
    written = events("accounts.user.deactivated")
    assert {event.target_id for event in written} == {user.pk for user in chosen}
    assert {event.reason for event in written} == {"Left the company"}


def test_who_is_protected_is_left_alone_and_the_message_says_why(world: World, browser_of: Browser) -> None:
    (chosen,) = crowd(1)
    before = footprint(world.root)
    done = run(browser_of(world.admin), "deactivate", [chosen, world.root, world.admin])
    text = text_of(done)
    assert "Deactivated: 1 person." in text
    assert "2 were left alone" in text
    assert _active([chosen, world.root, world.admin]) == [False, True, True]
    assert footprint(world.root)[:-4] == before[:-4]


def test_undo_gives_back_exactly_what_was_changed(world: World, browser_of: Browser) -> None:
    chosen = crowd(3)
    with context.system("a test"), writing():
        User.objects.filter(pk=chosen[0].pk).update(is_active=False)
    client = browser_of(world.root)
    done = run(client, "deactivate", chosen)
    token = hidden(done, "token")
    undone = client.post(URL, {"do": "undo", "token": token})
    assert "Activated: 2 people." in text_of(undone)
    assert _active(chosen) == [False, True, True]
    assert len(events("accounts.user.activated")) == 2


def test_undo_is_refused_when_old_when_altered_and_to_anybody_else(world: World, browser_of: Browser) -> None:
    chosen = crowd(1)
    client = browser_of(world.root)
    token = hidden(run(client, "deactivate", chosen), "token")
    text, _dot, signature = token.partition(".")
    altered = signature[:-1] + ("1" if signature.endswith("0") else "0")
    for wrong in ("", ".", "x.y", f"{text}.{altered}", f"{text}A.{signature}", f"é.{signature}"):
        assert client.post(URL, {"do": "undo", "token": wrong}).status_code == 409, wrong
    assert browser_of(world.admin).post(URL, {"do": "undo", "token": token}).status_code == 409
    with clock.at(clock.now() + bulk.UNDO_FOR + timedelta(seconds=1)):
        assert client.post(URL, {"do": "undo", "token": token}).status_code == 409
    assert _active(chosen) == [False]
    assert events("accounts.user.activated") == []


def test_a_role_is_given_and_taken_with_its_fields(world: World, browser_of: Browser) -> None:
    chosen = crowd(2)
    client = browser_of(world.root)
    assert "Choose a role" not in text_of(act(client, "give", chosen))
    missing = run(client, "give", chosen)
    assert missing.status_code == 422
    assert [roles(user) for user in chosen] == [[], []]
    for wrong in ("emperor", "owner", "\0"):
        assert run(client, "give", chosen, role=wrong).status_code == 422
    assert run(client, "give", chosen, role="manager", reason="x" * 301).status_code == 422
    assert [roles(user) for user in chosen] == [[], []]
    done = run(client, "give", chosen, role="manager")
    assert [roles(user) for user in chosen] == [["manager"], ["manager"]]
    client.post(URL, {"do": "undo", "token": hidden(done, "token")})
    assert [roles(user) for user in chosen] == [[], []]


def test_a_role_above_the_own_is_not_offered_and_not_given(world: World, browser_of: Browser) -> None:
    chosen = crowd(1)
    client = browser_of(world.admin)
    response = run(client, "give", chosen, role="super_admin")
    assert response.status_code in {403, 422}
    assert roles(chosen[0]) == []
    assert events("rbac.binding.granted") == [
        event for event in events("rbac.binding.granted") if event.target_id != chosen[0].pk
    ]


def test_who_may_only_look_can_do_nothing(world: World, browser_of: Browser) -> None:
    chosen = crowd(2)
    client = browser_of(world.manager)
    page = client.get(URL)
    assert 'id="list-batch"' not in page.content.decode()
    assert act(client, "deactivate", chosen).status_code == 403
    assert run(client, "deactivate", chosen).status_code == 403
    assert run(client, "deactivate", None, number="7").status_code == 403
    assert _active(chosen) == [True, True]
    assert events("accounts.user.deactivated") == []
    assert denials()
    assert JobRun.objects.count() == 0


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"do": "nothing"},
        {"do": "act"},
        {"do": "run", "action": "delete", "ids": ["x"]},
        {"do": "act", "action": "deactivate"},
        {"do": "act", "action": "deactivate", "ids": ["not-an-id"]},
        {"do": "run", "action": "deactivate", "all": "1", "query": "state=nonsense"},
        {"do": "run", "action": "deactivate", "all": "1", "query": "is_root=1"},
    ],
)
def test_malformed_forms_are_bad_requests(world: World, browser_of: Browser, sent: dict[str, Any]) -> None:
    assert browser_of(world.root).post(URL, sent).status_code == 400
    assert not User.objects.filter(is_active=False).exists()


def test_ids_of_nothing_are_not_found_and_nobody_is_changed(world: World, browser_of: Browser) -> None:
    chosen = [*crowd(1), User(pk=ids.uuid7())]
    assert run(browser_of(world.root), "deactivate", chosen).status_code == 404
    assert _active(chosen[:1]) == [True]


def test_all_that_match_are_found_again_by_the_server(world: World, browser_of: Browser) -> None:
    chosen = crowd(70)
    client = browser_of(world.root)
    asked = act(client, "deactivate", None, query="q=crowd")
    assert "Deactivate 70 people?" in text_of(asked)
    run(client, "deactivate", None, query="q=crowd", number="70")
    assert _active(chosen) == [False] * 70
    assert User.objects.filter(is_active=False).count() == 70


def test_when_the_number_has_changed_meanwhile_it_asks_again(world: World, browser_of: Browser) -> None:
    chosen = crowd(3)
    client = browser_of(world.root)
    for number in ("2", "", "-1", "9" * 40, "three"):
        again = run(client, "deactivate", None, query="q=crowd", number=number)
        assert again.status_code == 200
        assert "Meanwhile the number has changed" in text_of(again)
        assert "Deactivate 3 people?" in text_of(again)
        assert _active(chosen) == [True] * 3
    run(client, "deactivate", None, query="q=crowd", number=hidden(again, "number"))
    assert _active(chosen) == [False] * 3


def test_htmx_gets_a_dialog_and_then_the_list_with_a_message(world: World, browser_of: Browser) -> None:
    chosen = crowd(2)
    client = browser_of(world.root)
    headers = {"HX-Request": "true"}
    ids_ = [str(user.pk) for user in chosen]
    asked = client.post(URL, {"do": "act", "action": "give", "ids": ids_}, headers=headers)
    assert asked["HX-Retarget"] == "#list-dialog"
    assert "<dialog" in asked.content.decode()
    refused = client.post(URL, {"do": "run", "action": "give", "ids": ids_}, headers=headers)
    assert refused.status_code == 200  # htmx shows nothing else.
    assert refused["HX-Retarget"] == "#list-dialog"
    done = client.post(URL, {"do": "run", "action": "give", "ids": ids_, "role": "user"}, headers=headers)
    assert done["HX-Retarget"] == "#list-body"
    body = done.content.decode()
    assert "<html" not in body
    assert 'hx-swap-oob="beforeend:#toasts"' in body
    assert 'name="token"' in body


def test_more_than_a_reply_can_wait_for_is_a_job_with_the_same_rules(
    world: World, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)
    monkeypatch.setattr(bulk, "DIRECT", 3)
    chosen = crowd(8)
    client = browser_of(world.root)
    done = run(client, "deactivate", None, query="q=crowd&state=active", number="8", reason="Season over")
    assert "Watch the job" in text_of(done)
    assert _active(chosen) == [True] * 8
    later = crowd(1, username="crowdlate", email="crowdlate@example.org", name="Crowd late")
    job = JobRun.objects.get(name="accounts.bulk_people")
    runner.execute(job.pk)
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    assert job.result == {"done": 8, "skipped": 0}
    assert _active(chosen) == [False] * 8
    assert _active(later) == [True]  # Nobody confirmed that one.
    assert len(events("accounts.user.deactivated")) == 8


def test_a_job_continues_at_its_cursor_and_counts_reasons(
    world: World, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)
    monkeypatch.setattr(bulk, "DIRECT", 3)
    crowd(7, is_active=False)
    client = browser_of(world.root)
    run(client, "deactivate", None, query="state=inactive", number="7")
    job = JobRun.objects.get(name="accounts.bulk_people")
    runner.execute(job.pk)
    job.refresh_from_db()
    assert job.result == {"done": 0, "skipped": 7}
    assert any("Left alone: 7" in line for _at, line in job.log)


def test_one_action_has_a_bound(world: World, browser_of: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MOST", 4)
    crowd(5)
    response = act(browser_of(world.root), "deactivate", None, query="q=crowd")
    assert response.status_code == 409
    assert "Narrow the list" in text_of(response)


def test_the_list_of_people_declares_its_job() -> None:
    assert bulk.job_name(people) == "accounts.bulk_people"
