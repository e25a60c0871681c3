"""The notification centre and the helper for plain models: who is told what, who may read it, what the trail keeps."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from maintenance import cleaning
from maintenance.models import JobRun
from maintenance.services import runs
from portal.kit import clock, context, errors, ids, notices, registry
from portal.kit.context import ANONYMOUS
from portal.kit.models import Announcement, Notice
from portal.kit.notices import announcements, selectors, services
from portal.kit.plain import Events, Plain
from portal.kit.services import UnguardedWrite, writing
from tests.factories import World, actor_of, person

pytestmark = pytest.mark.django_db
Browse = Callable[[User], Client]


def _tell(*people: User, title: str = "Clean up finished", **values: Any) -> list[Notice]:
    with context.system("a test"):
        notices.tell([user.pk for user in people], category="job", title=title, **values)
    return list(Notice.objects.filter(title=title).order_by("pk"))


def test_each_person_is_told_once_and_whoever_is_gone_is_left_out(world: World) -> None:
    with context.system("a test"):
        people = [world.root.pk, world.clerk.pk, world.root.pk, ids.uuid7()]
        assert notices.tell(people, category="job", title="Done") == 2
    assert set(Notice.objects.values_list("person_id", flat=True)) == {world.root.pk, world.clerk.pk}


def test_telling_many_costs_the_same_statements_as_telling_one(world: World) -> None:
    crowd = [person().pk for _ in range(20)]
    with context.system("a test"), CaptureQueriesContext(connection) as one:
        notices.tell(crowd[:1], category="job", title="One")
    with context.system("a test"), CaptureQueriesContext(connection) as many:
        notices.tell(crowd, category="job", title="Many")
    assert len(one) == len(many)


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "platform/jobs"])
def test_a_notice_leads_into_this_console_only(world: World, url: str) -> None:
    with pytest.raises(ValueError, match="not a path of it"):
        _tell(world.root, url=url)
    with pytest.raises(IntegrityError), transaction.atomic(), context.system("a test"), writing():
        Notice.objects.create(person=world.root, category="job", title="x", url="https://evil.example/")
    assert not Notice.objects.exists()


def test_an_unknown_tone_and_a_write_by_nobody_are_refused(world: World) -> None:
    with pytest.raises(ValueError, match="tone"):
        _tell(world.root, tone="loud")
    with pytest.raises(UnguardedWrite):
        notices.tell([world.root.pk], category="job", title="x")
    assert not Notice.objects.exists()


def test_a_notice_vanishes_with_the_change_it_tells_of(world: World) -> None:
    with pytest.raises(errors.Conflict), transaction.atomic(), context.system("a test"):
        notices.tell([world.root.pk], category="job", title="Never")
        raise errors.Conflict
    assert not Notice.objects.exists()


def test_long_words_are_cut_to_what_the_bell_shows(world: World) -> None:
    (told,) = _tell(world.root, title="t" * 160, text="x" * 5000)
    assert len(told.text) == 500


def test_nobody_reads_or_marks_the_notice_of_another_whatever_rights_it_holds(world: World, browser_of: Browse) -> None:
    (told,) = _tell(world.clerk, title="For the clerk alone")
    root = browser_of(world.root)
    assert "For the clerk alone" not in root.get("/me/notifications").content.decode()
    part = root.get("/me/notifications/newest", headers={"HX-Request": "true"})
    assert "For the clerk alone" not in part.content.decode()
    assert root.get("/me/notifications/count").json() == {"unread": 0}
    assert root.post(f"/me/notifications/{told.pk}/read").status_code == 404
    root.post("/me/notifications/read", {"up_to": str(ids.uuid7())})
    told.refresh_from_db()
    assert told.read_at is None
    assert not selectors.own(ANONYMOUS).exists()


def test_a_person_reads_one_then_all_and_what_comes_meanwhile_stays_unread(world: World, browser_of: Browse) -> None:
    first, second = _tell(world.clerk, title="First")[0], _tell(world.clerk, title="Second")[0]
    client = browser_of(world.clerk)
    assert 'data-unread="2"' in client.get("/").content.decode()
    assert client.post(f"/me/notifications/{first.pk}/read").status_code == 302
    assert client.post(f"/me/notifications/{first.pk}/read").status_code == 302
    page = client.get("/me/notifications?state=unread")
    assert [row["id"] for row in page.context["page"].items] == [second.pk]
    late = _tell(world.clerk, title="Late")[0]
    client.post("/me/notifications/read", {"up_to": str(page.context["up_to"])})
    assert set(Notice.objects.filter(read_at=None)) == {late}
    assert client.get("/me/notifications/count").json() == {"unread": 1}


@pytest.mark.parametrize("up_to", ["", "nothing", "1", "\x00"])
def test_a_mark_without_a_place_is_refused(world: World, browser_of: Browse, up_to: str) -> None:
    _tell(world.clerk)
    assert browser_of(world.clerk).post("/me/notifications/read", {"up_to": up_to}).status_code == 400
    assert Notice.objects.filter(read_at=None).count() == 1


def test_marking_needs_a_post_and_one_of_the_own(world: World, browser_of: Browse) -> None:
    (told,) = _tell(world.clerk)
    client = browser_of(world.clerk)
    assert client.get(f"/me/notifications/{told.pk}/read").status_code == 405
    assert client.get("/me/notifications/read").status_code == 405
    assert client.post(f"/me/notifications/{UUID(int=7)}/read").status_code == 404
    with context.acting(actor_of(world.clerk)), pytest.raises(errors.NotFound):
        services.notice_read(actor=actor_of(world.clerk), notice_id=ids.uuid7())


def test_the_page_is_paged_and_costs_the_same_with_few_and_many(world: World, browser_of: Browse) -> None:
    client = browser_of(world.clerk)
    for place in range(2):
        _tell(world.clerk, title=f"Few {place}")
    client.get("/me/notifications")
    with CaptureQueriesContext(connection) as few:
        client.get("/me/notifications")
    for place in range(60):
        _tell(world.clerk, title=f"Many {place}")
    with CaptureQueriesContext(connection) as many:
        first = client.get("/me/notifications")
    assert len(few) == len(many) <= 8
    assert len(first.context["page"].items) == 50
    second = client.get("/me/notifications" + first.context["page"].next_url)
    assert len(second.context["page"].items) == 12
    assert client.get("/me/notifications?cursor=rubbish").status_code == 400


def test_the_bell_stops_counting_at_a_hundred(world: World, browser_of: Browse) -> None:
    with context.system("a test"), writing():
        rows = [Notice(person=world.clerk, category="job", title="x") for _ in range(150)]
        Notice.objects.bulk_create(rows)
    client = browser_of(world.clerk)
    assert client.get("/me/notifications/count").json() == {"unread": 100}
    assert "99+" in client.get("/").content.decode()


def test_without_htmx_the_sheet_is_the_page(world: World, browser_of: Browse) -> None:
    assert browser_of(world.clerk).get("/me/notifications/newest")["Location"] == "/me/notifications"


def _run(who: User) -> JobRun:
    actor = actor_of(who)
    with context.acting(actor):
        run_id = runs.run_enqueue(cleaning.JOB, actor=actor, args={"cleanup": "accounts.expired_sessions"})
    return JobRun.objects.get(pk=run_id)


@pytest.mark.parametrize(
    ("state", "tone", "word"), [(JobRun.State.SUCCEEDED, "ok", "finished"), (JobRun.State.FAILED, "bad", "failed")]
)
def test_who_started_a_job_is_told_how_it_ended(world: World, state: JobRun.State, tone: str, word: str) -> None:
    run = _run(world.admin)
    with context.system("a test"):
        claim = runs.run_claim(run_id=run.pk, worker="w")
        assert claim is not None
        assert runs.run_finish(claim=claim, state=state, result={}, error="Upload it again." if tone == "bad" else "")
        assert not runs.run_finish(claim=claim, state=state)
    told = Notice.objects.get()
    assert (told.person_id, told.tone, told.url) == (world.admin.pk, tone, f"/platform/jobs/{run.pk}")
    assert word in told.title
    assert told.text == ("Upload it again." if tone == "bad" else "")


def test_nobody_is_told_of_a_cancelled_job_or_one_that_a_schedule_started(world: World) -> None:
    cancelled = _run(world.admin)
    with context.system("a test") as current:
        claim = runs.run_claim(run_id=cancelled.pk, worker="w")
        assert claim is not None
        runs.run_finish(claim=claim, state=JobRun.State.CANCELLED)
        nightly = runs.run_enqueue(cleaning.JOB, actor=current.actor, args={"cleanup": "accounts.expired_sessions"})
        claim = runs.run_claim(run_id=nightly, worker="w")
        assert claim is not None
        runs.run_finish(claim=claim, state=JobRun.State.SUCCEEDED, result={})
    assert not Notice.objects.exists()


def test_notices_go_after_ninety_days_by_a_declared_cleanup(world: World) -> None:
    spec = registry.cleanups.get("kit.notices")
    assert spec.keep == timedelta(days=90)
    with clock.at(clock.now() - timedelta(days=91)):
        _tell(world.clerk, title="Old")
    _tell(world.clerk, title="New")
    found = cleaning.preview(actor=actor_of(world.admin), name="kit.notices")
    assert found.count == 1


def _announce(who: User, **values: Any) -> Announcement:
    actor = actor_of(who)
    with context.acting(actor):
        return announcements.announcement_create(actor=actor, values={"title": "Planned work"} | values)


def test_an_announcement_is_shown_to_everybody_in_its_time_and_to_nobody_after(
    world: World, browser_of: Browse
) -> None:
    now = clock.now()
    _announce(world.root, title="Now", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    _announce(world.root, title="Tomorrow", starts_at=now + timedelta(days=1))
    _announce(world.root, title="Yesterday", starts_at=now - timedelta(days=2), ends_at=now - timedelta(days=1))
    for who in (world.root, world.stranger):
        shown = [notice["title"] for notice in browser_of(who).get("/").context["shell"].notices]
        assert "Now" in shown
        assert not {"Tomorrow", "Yesterday"} & set(shown)


def test_a_plain_write_leaves_one_event_with_what_changed(world: World) -> None:
    row, actor = _announce(world.root), actor_of(world.root)
    with context.acting(actor):
        announcements.announcement_update(actor=actor, row=row, values={"title": "Moved", "text": ""})
        announcements.announcement_update(actor=actor, row=row, values={"title": "Moved"})
        announcements.announcement_delete(actor=actor, row=row)
    told = list(Event.objects.filter(target_id=row.pk).order_by("id"))
    assert [event.code for event in told] == [f"kit.announcement.{verb}" for verb in ("created", "updated", "deleted")]
    assert list(told[1].changes) == ["title"]
    assert not Announcement.objects.exists()


@pytest.mark.parametrize("who", ["admin", "manager", "clerk", "stranger"])
def test_a_plain_write_without_the_right_leaves_everything_as_it_was(world: World, who: str) -> None:
    row, actor = _announce(world.root), actor_of(getattr(world, who))
    before = Event.objects.count()
    with context.acting(actor):
        for call in (
            lambda: announcements.announcement_create(actor=actor, values={"title": "Mine"}),
            lambda: announcements.announcement_update(actor=actor, row=row, values={"title": "Mine"}),
            lambda: announcements.announcement_delete(actor=actor, row=row),
        ):
            with pytest.raises(errors.Forbidden):
                call()
    assert list(Announcement.objects.values_list("title", flat=True)) == ["Planned work"]
    assert Event.objects.count() == before


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "t" * 161}, "title"),
        ({"tone": "loud"}, "tone"),
        ({"created_at": None}, "created_at"),
        ({"id": ids.uuid7()}, "id"),
        ({"no_such": 1}, "no_such"),
    ],
)
def test_a_plain_write_refuses_bad_values_and_fields_that_are_not_its_own(
    world: World, values: dict[str, Any], field: str
) -> None:
    row, actor = _announce(world.root), actor_of(world.root)
    before = Event.objects.count()
    with context.acting(actor):
        with pytest.raises(errors.Invalid) as caught:
            announcements.announcement_create(actor=actor, values={"title": "New"} | values)
        assert field in caught.value.fields
        with pytest.raises(errors.Invalid):
            announcements.announcement_update(actor=actor, row=row, values=values)
    assert Announcement.objects.count() == 1
    assert Event.objects.count() == before


def test_a_rule_over_two_fields_is_told_in_a_sentence(world: World) -> None:
    now = clock.now()
    with pytest.raises(errors.Invalid) as caught:
        _announce(world.root, starts_at=now, ends_at=now - timedelta(hours=1))
    assert "end after it starts" in str(caught.value.detail)
    assert not Announcement.objects.exists()


def test_a_row_that_is_gone_is_not_found(world: World) -> None:
    row, actor = _announce(world.root), actor_of(world.root)
    with context.acting(actor):
        announcements.announcement_delete(actor=actor, row=row)
        row.pk = row.pk or ids.uuid7()
        with pytest.raises(errors.NotFound):
            announcements.announcement_update(actor=actor, row=row, values={"title": "Ghost"})
        with pytest.raises(errors.NotFound):
            announcements.announcement_delete(actor=actor, row=row)


def test_a_model_without_events_of_its_own_is_no_plain_model() -> None:
    names = Events("kit.announcement.created", "kit.announcement.updated", "kit.announcement.deleted")
    with pytest.raises(ImproperlyConfigured, match="no plain model"):
        Plain(Notice, permission="installation:admin", events=names, fields=("title",))
    with pytest.raises(ImproperlyConfigured, match="not declared"):
        Plain(Announcement, permission="installation:admin", events=Events("a.b.c", "a.b.d", "a.b.e"), fields=())
