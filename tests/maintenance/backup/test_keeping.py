"""Which backups stay and which go, pins, and the catalogue made anew."""

import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from audit.models import Event
from maintenance.backup import retention
from maintenance.backup.errors import NotABackup, TargetFailed
from maintenance.backup.retention import Kept
from maintenance.backup.targets import Folder
from maintenance.models import Backup
from maintenance.services import backup_keeping
from portal.kit import clock, context
from portal.kit.errors import Forbidden, Invalid
from portal.kit.services import writing
from tests.factories import World, actor_of
from tests.maintenance.backup.conftest import Make
from tests.maintenance.backup.rows import catalogued, nights

KEEP = {"daily": 7, "weekly": 4, "monthly": 12, "yearly": 3}
ZONE = ZoneInfo("Europe/Vienna")
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
State = Backup.State


def judged(backups: Sequence[Kept], now: datetime = NOW) -> list[Kept]:
    retention.judge(backups, keep=KEEP, zone=ZONE, now=now)
    return list(backups)


def nightly(count: int, *, until: datetime = NOW) -> list[Kept]:
    return [Kept(number, until - timedelta(days=number, hours=5), good=True) for number in range(count)]


def rules(kept: Kept) -> list[str]:
    return [reason["rule"] for reason in kept.reasons]


def test_of_three_years_of_nights_so_many_stay_as_the_rules_say() -> None:
    backups = judged(nightly(3 * 365))
    for rule, most in KEEP.items():
        places = [reason["place"] for backup in backups for reason in backup.reasons if reason["rule"] == rule]
        assert sorted(places) == list(range(1, most + 1))
    assert len([backup for backup in backups if backup.reasons]) <= sum(KEEP.values())
    assert [rules(backup) for backup in backups[:2]] == [
        ["newest", "young", "daily", "weekly", "monthly", "yearly"],
        ["daily"],
    ]


def test_the_newest_of_a_day_holds_its_place_and_the_day_is_that_of_the_zone() -> None:
    late = Kept("late", datetime(2026, 11, 18, 23, 30, tzinfo=UTC), good=True)  # 00:30 of the 19th in Vienna
    early = Kept("early", datetime(2026, 11, 18, 22, 30, tzinfo=UTC), good=True)
    noon = Kept("noon", datetime(2026, 11, 18, 12, 0, tzinfo=UTC), good=True)
    judged([late, early, noon])
    assert "daily" in rules(late)
    assert "daily" in rules(early)
    assert rules(noon) == []


def test_a_damaged_backup_takes_nobodys_place() -> None:
    good, bad = (
        Kept(name, NOW - timedelta(days=3, hours=hour), good=name == "good") for name, hour in (("good", 2), ("bad", 1))
    )
    judged([good, bad])
    assert "newest" in rules(good)
    assert rules(bad) == []


def test_a_pin_holds_through_its_last_day() -> None:
    last = NOW.astimezone(ZONE).date()
    old = [
        Kept(place, NOW - timedelta(days=900 + place), good=False, pinned=True, pinned_until=until)
        for place, until in enumerate((None, last, last - timedelta(days=1)))
    ]
    judged([*nightly(3), *old])
    assert [rules(backup) for backup in old] == [["pinned"], ["pinned"], []]


def test_a_clock_that_jumps_by_months_makes_nothing_old_and_deletes_nothing() -> None:
    before = [backup.key for backup in judged(nightly(40)) if {"daily", "weekly", "monthly"} & set(rules(backup))]
    jumped = NOW + timedelta(days=200)
    after = judged(nightly(40), now=jumped)
    assert [backup.key for backup in after if {"daily", "weekly", "monthly"} & set(rules(backup))] == before
    assert retention.deletable(after, now=jumped) == ([], "stale")
    behind = NOW - timedelta(hours=6)
    assert retention.deletable(judged(nightly(40), now=behind), now=behind) == ([], "future")


def test_one_run_deletes_a_third_at_most_and_always_one() -> None:
    many = judged(nightly(40))
    going, held = retention.deletable(many, now=NOW)
    assert held == "share"
    assert len(going) == int(40 * retention.SHARE)
    assert [backup.key for backup in going] == sorted((backup.key for backup in going), reverse=True)
    alone = [Kept("young", NOW, good=True), Kept("idle", NOW - timedelta(minutes=1), good=False)]
    alone[0].reasons.append({"rule": "newest"})
    assert [kept.key for kept in retention.deletable(alone, now=NOW)[0]] == ["idle"]


def test_the_last_good_one_stays_whatever_the_rules() -> None:
    backups = [Kept("good", NOW - timedelta(hours=30), good=True), Kept("bad", NOW, good=False)]
    retention.judge(backups, keep=dict.fromkeys(KEEP, 0), zone=ZONE, now=NOW)
    assert rules(backups[0]) == ["newest"]


@pytest.mark.django_db
def test_pruning_deletes_the_files_and_keeps_the_row_as_history(folder: Folder, acting: context.Context) -> None:
    made = nights(12)
    for backup in made:
        Backup.objects.filter(pk=backup.pk)
        with context.system("a test"), writing():
            Backup.objects.filter(pk=backup.pk).update(targets=[folder.name])
        writer = folder.writer(f"{backup.pk}/manifest.json")
        writer.write(b"{}")
        writer.commit()
    pruned = backup_keeping.backups_prune(actor=acting.actor)
    assert pruned.deleted == Event.objects.filter(code="maintenance.backup.deleted").count() > 0
    gone = Backup.objects.filter(state=State.DELETED)
    assert {str(pk) for pk in gone.values_list("pk", flat=True)} == {
        str(backup.pk) for backup in made if not (folder.path / str(backup.pk)).exists()
    }
    assert (folder.path / str(made[0].pk)).exists()


@pytest.mark.django_db
def test_nothing_goes_while_the_newest_attempt_has_failed(folder: Folder, acting: context.Context) -> None:
    nights(30)
    catalogued(clock.now(), state=State.FAILED, error="No room is left.")
    pruned = backup_keeping.backups_prune(actor=acting.actor)
    assert (pruned.deleted, pruned.held) == (0, "failed")
    assert not Backup.objects.filter(state=State.DELETED).exists()


@pytest.mark.django_db
def test_a_backup_at_a_target_that_is_away_is_not_called_deleted(folder: Folder, acting: context.Context) -> None:
    made = nights(30)
    pruned = backup_keeping.backups_prune(actor=acting.actor)
    assert pruned.deleted == 0
    assert any("/srv/backups is not configured" in problem for problem in pruned.failed)
    assert Backup.objects.filter(state=State.COMPLETE).count() == len(made)


@pytest.mark.django_db
def test_a_pin_needs_a_reason_and_a_day_to_come(world: World) -> None:
    backup = catalogued(clock.now() - timedelta(hours=3))
    actor = actor_of(world.admin)
    with context.acting(actor):
        for why, until in (("  ", None), ("why", date(2020, 1, 1))):
            with pytest.raises(Invalid):
                backup_keeping.backup_pin(actor=actor, backup=backup, why=why, until=until)
        assert Backup.objects.get(pk=backup.pk).pinned_at is None
        backup_keeping.backup_pin(actor=actor, backup=backup, why="The move")
        pinned = Backup.objects.get(pk=backup.pk)
        assert (pinned.pinned_by, pinned.pinned_why, pinned.pinned_until) == (actor.label, "The move", None)
        backup_keeping.backup_unpin(actor=actor, backup=backup)
        backup_keeping.backup_unpin(actor=actor, backup=backup)
    assert Backup.objects.get(pk=backup.pk).pinned_at is None
    for code in ("maintenance.backup.pinned", "maintenance.backup.unpinned"):
        assert Event.objects.filter(code=code, target_id=backup.pk).count() == 1


@pytest.mark.django_db
def test_who_lacks_the_right_pins_nothing(world: World) -> None:
    backup = catalogued(clock.now() - timedelta(hours=3))
    actor = actor_of(world.clerk)
    with context.acting(actor), pytest.raises(Forbidden):
        backup_keeping.backup_pin(actor=actor, backup=backup, why="The move")
    assert Backup.objects.get(pk=backup.pk).pinned_at is None


@pytest.mark.django_db
def test_what_is_gone_cannot_be_pinned_and_the_database_deletes_no_pinned_one(world: World) -> None:
    failed = catalogued(clock.now() - timedelta(hours=3), state=State.FAILED, error="x")
    actor = actor_of(world.admin)
    with context.acting(actor), pytest.raises(NotABackup):
        backup_keeping.backup_pin(actor=actor, backup=failed, why="The move")
    backup = catalogued(clock.now() - timedelta(hours=2))
    with context.acting(actor):
        backup_keeping.backup_pin(actor=actor, backup=backup, why="The move")
    with pytest.raises(IntegrityError), transaction.atomic(), context.system("a test"), writing():
        Backup.objects.filter(pk=backup.pk).update(state=State.DELETED, deleted_at=clock.now())


def test_the_catalogue_comes_back_from_the_targets_alone(make: Make, folder: Folder, acting: context.Context) -> None:
    made = make(kind=Backup.Kind.BEFORE, act="Dropping a table")
    before: dict[str, Any] = {**Backup.objects.values().get(pk=made.pk)}
    with writing():
        Backup.objects.all().delete()
    rebuilt = backup_keeping.catalogue_rebuild(actor=acting.actor)
    assert (rebuilt.found, rebuilt.known, rebuilt.missing, rebuilt.problems) == (1, 0, 0, [])
    after: dict[str, Any] = {**Backup.objects.values().get(pk=made.pk)}
    same = ("state", "kind", "act", "taken_at", "stored_bytes", "plain_bytes", "rows", "key_id", "targets", "manifest")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert backup_keeping.catalogue_rebuild(actor=acting.actor).known == 1
    assert Event.objects.filter(code="maintenance.backup.found").count() == 1


def test_a_backup_that_is_gone_is_missing_but_not_while_a_target_is_away(
    make: Make, folder: Folder, acting: context.Context, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make()
    shutil.rmtree(folder.path)
    listing = Folder.list

    def away(self: Folder, prefix: str = "") -> Any:
        raise TargetFailed("away")

    monkeypatch.setattr(Folder, "list", away)
    assert backup_keeping.catalogue_rebuild(actor=acting.actor).problems == ["away"]
    assert Backup.objects.get(pk=made.pk).state == State.COMPLETE
    monkeypatch.setattr(Folder, "list", listing)
    assert backup_keeping.catalogue_rebuild(actor=acting.actor).missing == 1
    assert Backup.objects.get(pk=made.pk).state == State.MISSING
