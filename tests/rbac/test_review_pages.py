"""Pages of access reviews, their reports, the job, and decisions at the same moment."""

import csv
import io
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.models import User
from audit.models import Event
from maintenance import runner
from maintenance.models import JobRun
from portal.kit import clock, context, errors, jobs
from rbac.jobs import REVIEWS
from rbac.models import Binding, Review, ReviewItem
from rbac.services.reviews import review_close
from tests.accounts.organisation_world import House, make_house
from tests.factories import World, signed_in
from tests.rbac.review_world import decide, item_of, start, tend
from tests.rbac.roles_world import bind, make_role, make_team, make_workspace

Browser = Callable[[User], Client]


def _text(reply: Any) -> str:
    return str(reply.content.decode())


def _sent(**more: Any) -> dict[str, Any]:
    due = clock.now() + timedelta(days=9)
    return {
        "name": "Autumn review",
        "reviewers": "owners",
        "due_at": f"{due:%Y-%m-%dT%H:%M}",
        "remind_days": ["7"],
        "undecided": "keep",
        "applies": "at_once",
        "do": "start",
        **more,
    }


@pytest.mark.django_db
def test_a_review_is_counted_first_and_then_started(browser_of: Browser) -> None:
    house = make_house()
    place, role = make_workspace(house), make_role(house, "member:read")
    bind(house, house.viewer, role, scope_id=place.pk)
    client, here = browser_of(house.admin), house.url("reviews")
    assert "Start a review" in _text(client.get(f"{here}/new"))
    reply = client.post(f"{here}/new", _sent(do="count", place=str(place.pk)))
    assert reply.status_code == 200
    assert "What it would be about" in _text(reply)
    assert Review.objects.count() == Event.objects.filter(code__startswith="rbac.review").count() == 0
    reply = client.post(f"{here}/new", _sent(place=str(place.pk)))
    review = Review.objects.get()
    assert (reply.status_code, reply["Location"]) == (302, f"{here}/{review.pk}")
    assert review.items.count() == 1
    text = _text(client.get(f"{here}/{review.pk}"))
    assert role.label in text
    assert house.viewer.name in text
    assert place.name in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"due_at": "2001-01-01T00:00"}, {"reviewers": "person"}, {"undecided": "burn"}]
)
def test_a_form_that_says_something_wrong_starts_nothing(browser_of: Browser, wrong: dict[str, str]) -> None:
    house = make_house()
    reply = browser_of(house.owner).post(house.url("reviews/new"), _sent(**wrong))
    assert reply.status_code == 422
    assert Review.objects.count() == 0


@pytest.mark.django_db
def test_a_reviewer_decides_with_one_click_and_sees_only_what_is_theirs(browser_of: Browser) -> None:
    house = make_house()
    role = make_role(house, "audit:read")
    first, second = bind(house, house.viewer, role), bind(house, house.admin, role)
    own = bind(house, house.editor, role)
    review = start(house, reviewers="person", reviewer_id=house.editor.pk, roles=[role])
    client, here = browser_of(house.editor), house.url(f"reviews/mine/{review.pk}")
    assert "Decide 2 items" in _text(client.get(house.url("reviews/mine")))
    text = _text(client.get(here))
    assert house.viewer.name in text
    assert str(item_of(review, own).pk) not in text
    body = {"items": str(item_of(review, first).pk), "decision": "keep", "words": ""}
    reply = client.post(here, body, headers={"HX-Request": "true"})
    assert reply.status_code == 200
    part = _text(reply)
    assert f'id="item-{item_of(review, first).pk}"' in part
    assert 'id="review-progress"' in part
    assert "<html" not in part
    assert item_of(review, first).decision == "keep"
    reply = client.post(here, {"items": str(item_of(review, own).pk), "decision": "keep"})
    assert reply.status_code == 403
    sent = {"page_items": [str(item_of(review, second).pk)], "do": "page", "decision": "keep"}
    assert client.post(here, sent).status_code == 302
    assert item_of(review, second).decision == "keep"
    assert "All decided" in _text(client.get(here))
    for path in ("reviews", f"reviews/{review.pk}", "reviews/new", f"reviews/{review.pk}/report.csv"):
        assert client.get(house.url(path)).status_code == 403, path
    assert browser_of(house.viewer).get(here).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        {"decision": "burn"},
        {"decision": "keep", "items": "nonsense"},
        {"decision": "keep", "items": []},
        {"decision": "keep", "words": "x" * 301},
    ],
)
def test_what_a_form_cannot_say_decides_nothing(browser_of: Browser, body: dict[str, Any]) -> None:
    house = make_house()
    row = bind(house, house.viewer, make_role(house, "audit:read"))
    review = start(house)
    sent = {"items": str(item_of(review, row).pk)} | body
    reply = browser_of(house.owner).post(house.url(f"reviews/mine/{review.pk}"), sent)
    assert reply.status_code in {400, 404, 422}
    assert item_of(review, row).decision == ""
    assert Binding.objects.filter(pk=row.pk).exists()


@pytest.mark.django_db
def test_tabs_marks_and_the_end_are_shown(browser_of: Browser) -> None:
    house = make_house()
    role = make_role(house, "audit:read")
    team = make_team(house, house.editor)
    row, through = bind(house, house.viewer, role), bind(house, None, role, team=team)
    review = start(house, roles=[role])
    client, here = browser_of(house.owner), house.url(f"reviews/{review.pk}")
    decide(house, house.owner, review, "revoke", item_of(review, row), words="Over")
    assert "Over" in _text(client.get(f"{here}?decision=revoke"))
    text = _text(client.get(f"{here}?decision=undecided"))
    assert f"Team {team.name}" in text
    assert house.viewer.name not in text.partition("<main")[2]
    assert client.get(f"{here}?decision=burn").status_code == 404
    assert client.get(house.url(f"reviews/mine/{review.pk}") + "?decision=burn").status_code == 404
    assert client.post(f"{here}/close").status_code == 302
    assert "Kept by rule" in _text(client.get(here))
    assert client.post(f"{here}/close").status_code == 409
    late = client.post(
        house.url(f"reviews/mine/{review.pk}"), {"items": str(item_of(review, through).pk), "decision": "revoke"}
    )
    assert late.status_code == 409
    assert "This review is closed" in _text(late)
    assert Binding.objects.filter(pk=through.pk).exists()


@pytest.mark.django_db
def test_the_report_says_who_had_what_and_what_became_of_it(browser_of: Browser) -> None:
    house = make_house()
    row = bind(house, house.viewer, make_role(house, "audit:read"), reason="=1+1")
    review = start(house, roles=[row.role])
    decide(house, house.owner, review, "revoke", item_of(review, row), words="Project over")
    client, here = browser_of(house.admin), house.url(f"reviews/{review.pk}/report")
    lines = list(csv.reader(io.StringIO(client.get(f"{here}.csv").content.decode("utf-8-sig"))))
    found = dict(zip(lines[0], lines[1], strict=True))
    assert (found["Holder"], found["Decision"], found["Decided by"]) == (house.viewer.name, "revoke", house.owner.name)
    assert (found["Outcome"], found["Words"], found["Reason"]) == ("Revoked", "Project over", "'=1+1")
    whole = client.get(f"{here}.pdf")
    assert whole["Content-Type"] == "application/pdf"
    assert whole.content.startswith(b"%PDF-")
    assert Event.objects.filter(code="rbac.review.exported", target_id=review.pk).count() == 2
    assert browser_of(house.viewer).get(f"{here}.pdf").status_code == 403


@pytest.mark.django_db
def test_the_pages_of_the_installation_are_those_of_an_organisation(world: World, browser_of: Browser) -> None:
    start(make_house())
    client = browser_of(world.root)
    assert "What it would be about" in _text(client.post("/platform/reviews/new", _sent(do="count")))
    reply = client.post("/platform/reviews/new", _sent())
    review = Review.objects.get(organisation=None)
    assert reply["Location"] == f"/platform/reviews/{review.pk}"
    item = review.items.get(person_id=world.clerk.pk)
    assert world.clerk.name in _text(client.get(reply["Location"]))
    assert "Decide" in _text(client.get("/platform/reviews/mine"))
    here = f"/platform/reviews/mine/{review.pk}"
    assert client.post(here, {"items": str(item.pk), "decision": "revoke"}).status_code == 302
    assert not Binding.objects.filter(pk=item.source_id).exists()
    assert client.get(f"/platform/reviews/{review.pk}/report.pdf").status_code == 200
    assert client.post(f"/platform/reviews/{review.pk}/close").status_code == 302
    assert browser_of(world.manager).get("/platform/reviews").status_code == 403
    inside = Review.objects.exclude(organisation=None).get()
    assert client.get(f"/platform/reviews/{inside.pk}").status_code == 404


@pytest.mark.django_db
def test_the_job_reminds_and_ends_and_does_nothing_twice() -> None:
    house = make_house()
    row = bind(house, house.viewer, make_role(house, "audit:read"))
    review = start(house, undecided="revoke", roles=[row.role])
    results: list[dict[str, Any]] = []
    for moment in (review.due_at - timedelta(days=6), review.due_at + timedelta(minutes=1)):
        for _ in range(2):
            with clock.at(moment):
                with context.system("a test") as current:
                    run_id = jobs.enqueue(REVIEWS, actor=current.actor)
                runner.execute(run_id)
                run = JobRun.objects.get(pk=run_id)
                assert run.state == JobRun.State.SUCCEEDED, run.error
                results.append(run.result or {})
    assert [one["told"] for one in results] == [1, 0, 0, 0]
    assert [one["ended"] for one in results] == [0, 0, 1, 0]
    assert not Binding.objects.filter(pk=row.pk).exists()
    events = Event.objects.filter(target_id=review.pk)
    assert events.filter(code="rbac.review.settled").count() == events.filter(code="rbac.review.closed").count() == 1
    assert events.filter(code="rbac.review.closed").get().organisation_id == house.id


def _at_once(*acts: Callable[[], object]) -> list[object]:
    """Run the acts in threads that begin together; what each returned, or the error it raised."""
    barrier, found = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            found[place] = act()  # type: ignore[call-overload]
        except errors.StewardError as error:
            found[place] = error  # type: ignore[call-overload]
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return list(found)


def _house_with(number: int) -> tuple[House, Review, ReviewItem]:
    house = make_house()
    role = make_role(house, "audit:read")
    rows = [bind(house, house.viewer, role, scope_id=make_workspace(house).pk) for _ in range(number)]
    review = start(house, roles=[role])
    return house, review, item_of(review, rows[0])


def test_keep_and_revoke_at_the_same_moment_end_in_one_of_them(own_database: dict[str, str]) -> None:
    house, review, item = _house_with(1)
    results = _at_once(
        lambda: decide(house, house.owner, review, "revoke", item),
        lambda: decide(house, house.owner, review, "keep", item),
    )
    after = ReviewItem.objects.get(pk=item.pk)
    held = Binding.objects.filter(pk=item.source_id).exists()
    assert after.outcome == "revoked", "what was revoked first cannot be kept, and what was kept first can be revoked"
    assert not held
    assert sum(isinstance(one, errors.Conflict) for one in results) <= 1
    assert Event.objects.filter(code="rbac.binding.revoked").count() == 1


def test_a_decision_and_the_end_at_the_same_moment_leave_each_item_with_one_outcome(
    own_database: dict[str, str],
) -> None:
    house, review, item = _house_with(3)
    actor = house.inside(house.admin)

    def close() -> object:
        with context.acting(actor):
            return review_close(actor=actor, review=review)

    results = _at_once(lambda: decide(house, house.owner, review, "revoke", item), close)
    after = ReviewItem.objects.get(pk=item.pk)
    review.refresh_from_db()
    assert review.state == "closed"
    revoked = not isinstance(results[0], errors.StewardError)
    assert after.outcome == ("revoked" if revoked else "kept")
    assert Binding.objects.filter(pk=item.source_id).exists() is not revoked
    assert Event.objects.filter(code="rbac.review.closed", target_id=review.pk).count() == 1


def test_two_runs_of_the_job_at_once_end_a_review_once(own_database: dict[str, str]) -> None:
    _house, review, _item = _house_with(3)

    def late() -> int:
        with clock.at(review.due_at + timedelta(minutes=1)):
            return tend()

    assert _at_once(late, late) == [0, 0]
    review.refresh_from_db()
    assert review.state == "closed"
    assert Event.objects.filter(code="rbac.review.closed", target_id=review.pk).count() == 1
    assert not review.items.filter(outcome="").exists()


def test_who_has_something_to_decide_finds_it_in_the_navigation_and_nobody_else(world: World) -> None:
    house = make_house()
    review = start(house, roles=[bind(house, house.viewer, make_role(house, "member:read")).role])
    where = house.url("reviews/mine")

    def shown(user: User) -> str:
        text = signed_in(user).get(house.url("")).content.decode()
        entry = re.search(rf'<a href="{where}"[^>]*>(.*?)</a>', text, re.DOTALL)
        return re.sub(r"<[^>]+>", "", entry[1]).strip() if entry else ""

    assert shown(house.owner) == "To review1 open"
    assert shown(house.editor) == ""
    decide(house, house.owner, review, "keep", review.items.get())
    assert shown(house.owner) == "", "what was decided waits no more"
