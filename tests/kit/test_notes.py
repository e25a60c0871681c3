"""Notes: for whoever may change the thing, taken away by their author, and behind the wall of where they were written."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import Organisation, User
from audit.models import Event
from portal.kit import context, errors, ids, notes
from portal.kit.context import Actor
from portal.kit.models import Note
from portal.kit.services import writing
from tests.accounts.helpers import denials, events, text_of
from tests.factories import World, actor_of, person

Browser = Callable[[User], Client]
CODE = "user:update"


def _add(by: User, target: User, text: str = "Call before noon.") -> Note:
    with context.acting(actor_of(by)):
        return notes.note_add(actor=actor_of(by), target=target, code=CODE, text=text)


def _url(user: User) -> str:
    return f"/platform/people/{user.pk}?tab=notes"


def test_a_note_is_written_on_the_page_and_read_there(world: World, browser_of: Browser) -> None:
    client = browser_of(world.manager)
    assert client.post(_url(world.clerk), {"text": "  Call before noon.\r\nTwice. "})["Location"] == _url(world.clerk)
    (note,) = Note.objects.all()
    assert (note.text, note.author_id, note.object_id, note.object_kind, note.organisation_id) == (
        "Call before noon.\nTwice.",
        world.manager.pk,
        world.clerk.pk,
        "accounts.user",
        None,
    )
    page = browser_of(world.admin).get(_url(world.clerk))
    assert "Call before noon." in text_of(page)
    assert world.manager.name in text_of(page)


def test_the_trail_tells_of_a_note_and_never_what_it_says(world: World) -> None:
    note = _add(world.manager, world.clerk, "Has a difficult landlord.")
    with context.acting(actor_of(world.manager)):
        notes.note_delete(actor=actor_of(world.manager), target=world.clerk, code=CODE, note_id=note.pk)
    (added,), (deleted,) = events("kit.note.added"), events("kit.note.deleted")
    assert added.target_id == deleted.target_id == world.clerk.pk
    assert (added.changes, added.data) == ({}, {"note": str(note.pk)})
    assert "landlord" not in str([vars(event) for event in Event.objects.all()])


def test_its_author_and_who_runs_the_installation_take_it_away(world: World, browser_of: Browser) -> None:
    mine, theirs = _add(world.manager, world.clerk), _add(world.manager, world.clerk, "Another.")
    assert f'id="note-{mine.pk}"' in browser_of(world.manager).get(_url(world.clerk)).content.decode()
    assert f'id="note-{mine.pk}"' not in browser_of(world.admin).get(_url(world.clerk)).content.decode()
    for client, note in ((browser_of(world.manager), mine), (browser_of(world.root), theirs)):
        assert client.post(_url(world.clerk), {"do": "delete", "note": str(note.pk)}).status_code == 302
    assert Note.objects.count() == 0
    assert len(events("kit.note.deleted")) == 2


def test_nobody_else_takes_it_away(world: World, browser_of: Browser) -> None:
    note = _add(world.manager, world.clerk)
    response = browser_of(world.admin).post(_url(world.clerk), {"do": "delete", "note": str(note.pk)})
    assert response.status_code == 403
    assert Note.objects.filter(pk=note.pk).exists()
    assert denials() == ["kit.forbidden"]
    assert not events("kit.note.deleted")


def test_a_note_is_not_taken_away_under_another_things_name(world: World, browser_of: Browser) -> None:
    note = _add(world.manager, world.clerk)
    client = browser_of(world.manager)
    for key in (str(note.pk), str(ids.uuid7()), "nonsense", ""):
        assert client.post(_url(world.stranger), {"do": "delete", "note": key}).status_code == 404
    assert Note.objects.filter(pk=note.pk).exists()


@pytest.mark.parametrize("text", ["", "   \n ", "x" * 4001, "a\0b"])
def test_an_empty_too_long_or_broken_one_is_refused_beside_its_field(
    world: World, browser_of: Browser, text: str
) -> None:
    response = browser_of(world.manager).post(_url(world.clerk), {"text": text})
    assert response.status_code == 422
    assert response.context["note_form"].errors["text"]
    assert Note.objects.count() == 0
    assert not events("kit.note.added")


def test_the_service_refuses_what_no_form_would_send(world: World) -> None:
    for text in ("", " \0 ", "x" * 4001):
        with pytest.raises(errors.Invalid):
            _add(world.manager, world.clerk, text)
    assert Note.objects.count() == 0


def test_markup_in_a_note_stays_text(world: World, browser_of: Browser) -> None:
    _add(world.manager, world.clerk, "<script>alert(1)</script>")
    body = browser_of(world.manager).get(_url(world.clerk)).content.decode()
    assert "<script>alert(1)" not in body
    assert "&lt;script&gt;alert(1)" in body


@pytest.mark.parametrize("who", ["clerk", "stranger"])
def test_who_may_not_change_the_thing_neither_reads_nor_writes(world: World, browser_of: Browser, who: str) -> None:
    target, user = person("Target"), getattr(world, who)
    note = _add(world.manager, target, "Secret enough.")
    client, actor = browser_of(user), actor_of(user)
    assert client.get(_url(target)).status_code == 403
    assert client.post(_url(target), {"text": "x"}).status_code == 403
    with context.acting(actor):
        assert notes.notes_of(actor, target, CODE) == []
        with pytest.raises(errors.Forbidden):
            notes.note_add(actor=actor, target=target, code=CODE, text="x")
        with pytest.raises(errors.Forbidden):
            notes.note_delete(actor=actor, target=target, code=CODE, note_id=note.pk)
    assert list(Note.objects.values_list("pk", flat=True)) == [note.pk]


def test_the_person_itself_does_not_read_what_is_written_about_it(world: World, browser_of: Browser) -> None:
    _add(world.manager, world.clerk)
    assert browser_of(world.clerk).get(_url(world.clerk)).status_code == 403


def test_the_system_writes_none_since_a_note_has_an_author(world: World) -> None:
    with context.system("a test") as current, pytest.raises(errors.Forbidden):
        notes.note_add(actor=current.actor, target=world.clerk, code=CODE, text="x")
    assert Note.objects.count() == 0


def test_notes_of_the_staff_and_of_an_organisation_stay_apart(world: World) -> None:
    with context.system("a test"), writing():
        organisation = Organisation.objects.create(slug="orchard", name="Orchard")
        Note.objects.create(
            organisation=organisation,
            object_kind="accounts.user",
            object_id=world.clerk.pk,
            text="Theirs.",
            author=world.manager,
        )
    _add(world.manager, world.clerk, "Ours.")
    staff = actor_of(world.manager)
    member = Actor("person", world.manager.pk, str(world.manager), organisation.pk)
    with context.acting(staff):
        assert [note.text for note in notes.notes_of(staff, world.clerk, CODE)] == ["Ours."]
    with context.acting(member):
        assert [note.text for note in notes.notes_of(member, world.clerk, CODE)] == ["Theirs."]


def _seen_by_the_application(organisation: UUID | None) -> list[str]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE steward_app")
        cursor.execute("SELECT set_config('steward.organisation', %s, true)", [str(organisation or "")])
        cursor.execute("SELECT text FROM kit_note ORDER BY id")
        rows = [text for (text,) in cursor.fetchall()]
        cursor.execute("RESET ROLE")
    return rows


def test_the_database_shows_an_organisation_its_own_notes_and_none_of_the_staff(world: World) -> None:
    with context.system("a test"), writing():
        first, second = (Organisation.objects.create(slug=slug, name=slug) for slug in ("orchard", "quarry"))
        for text, organisation in (("Staff.", None), ("First.", first), ("Second.", second)):
            Note.objects.create(
                organisation=organisation,
                object_kind="accounts.user",
                object_id=world.clerk.pk,
                text=text,
                author=world.manager,
            )
    assert _seen_by_the_application(first.pk) == ["First."]
    assert _seen_by_the_application(second.pk) == ["Second."]
    assert _seen_by_the_application(None) == []


def test_all_notes_go_with_their_thing(world: World) -> None:
    _add(world.manager, world.clerk)
    kept = _add(world.manager, world.stranger)
    with context.system("a test"):
        assert notes.notes_purge(object_id=world.clerk.pk) == 1
    assert list(Note.objects.values_list("pk", flat=True)) == [kept.pk]
