"""The series of backups and drills: the newest that is of use, and zero where there is none."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.kit import clock
from tests.monitoring.conftest import Scrape
from tests.monitoring.world import make_backup, make_drill

NIGHT = datetime(2027, 3, 10, 2, 30, tzinfo=UTC)
LAST = "steward_maintenance_backup_last_success_timestamp_seconds"
VERIFIED = "steward_maintenance_backup_last_verified_timestamp_seconds"
PASSED = "steward_maintenance_drill_last_success_timestamp_seconds"
pytestmark = pytest.mark.django_db


def test_where_no_backup_was_ever_made_its_age_is_that_of_the_epoch(scrape: Scrape) -> None:
    found = scrape()

    assert [found(name) for name in (LAST, VERIFIED, PASSED)] == [0, 0, 0]
    assert found("steward_maintenance_backups_usable") == 0
    assert found("steward_maintenance_rpo_seconds") is None
    assert found("steward_maintenance_drill_rto_seconds") is None


def test_the_newest_usable_backup_is_told_by_the_moment_that_it_brings_back(scrape: Scrape) -> None:
    make_backup(NIGHT - timedelta(days=1), verified=True, stored_bytes=4_000)
    make_backup(NIGHT, stored_bytes=5_000)

    with clock.at(NIGHT + timedelta(hours=6)):
        found = scrape()

    assert found(LAST) == NIGHT.timestamp()
    assert found(VERIFIED) == (NIGHT - timedelta(days=1)).timestamp()
    assert found("steward_maintenance_rpo_seconds") == 30 * 3600
    assert found("steward_maintenance_backup_size_bytes") == 5_000
    assert found("steward_maintenance_backup_duration_seconds") == 600
    assert found("steward_maintenance_backups_usable") == 2


def test_a_backup_that_is_damaged_failed_or_gone_does_not_count(scrape: Scrape) -> None:
    make_backup(NIGHT, verified=True)
    make_backup(NIGHT + timedelta(days=1), verified=True, damaged_at=NIGHT + timedelta(days=2), damage="A byte.")
    make_backup(NIGHT + timedelta(days=2), verified=True, state="missing")
    make_backup(NIGHT + timedelta(days=3), verified=True, state="deleted", deleted_at=NIGHT + timedelta(days=4))
    make_backup(NIGHT + timedelta(days=4), state="failed", error="No room.")

    found = scrape()

    assert (found(LAST), found(VERIFIED)) == (NIGHT.timestamp(), NIGHT.timestamp())
    assert found("steward_maintenance_backups_usable") == 1
    assert found("steward_maintenance_backup_failed") == 1


def test_a_backup_at_some_of_its_targets_counts(scrape: Scrape) -> None:
    make_backup(NIGHT, state="partial", missed={"s3": "No answer."})

    assert scrape()(LAST) == NIGHT.timestamp()


def test_the_newest_drill_that_passed_is_told_and_one_that_failed_since(scrape: Scrape) -> None:
    make_drill(NIGHT, seconds=90)
    found = scrape()
    assert (found(PASSED), found("steward_maintenance_drill_failed")) == (NIGHT.timestamp(), 0)

    make_drill(NIGHT + timedelta(days=1), "failed", seconds=5)
    found = scrape()

    assert found(PASSED) == NIGHT.timestamp()
    assert found("steward_maintenance_drill_rto_seconds") == 90
    assert found("steward_maintenance_drill_failed") == 1
