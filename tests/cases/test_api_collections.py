"""The collections of the API, each by the same case."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from accounts.models import Organisation, User
from accounts.services.invitations import invitations_create
from accounts.services.memberships import roles_by_code
from audit.models import Activity, Event
from maintenance import cleaning, publisher
from maintenance.models import Backup, Drill, JobRun, NightReport, Restore, ScheduleState
from maintenance.restore import inspection
from maintenance.services import runs
from maintenance.services.nights import night_report_write
from portal.kit import clock, context, ids
from portal.kit.api import ApiView
from portal.kit.record import record
from portal.kit.services import writing
from rbac.models import Role
from tests.accounts.organisation_world import join, organisation
from tests.audit.support import ago, plant_activity
from tests.cases.api import NOWHERE, ApiCase, view_at
from tests.cases.inside import Inside, new
from tests.factories import World, person
from tests.maintenance.backup.rows import nights
from tests.maintenance.restore.rows import BACKUP, as_inspected, drilled, restored
from tests.structure.test_surface import ROUTES


class TestPeople(ApiCase):
    collection = "/api/v1/users"
    valid = {"name": "Ada Lindqvist", "username": new("username"), "email": new("email")}
    changed = {"name": "Ada Novak"}
    reader_may = frozenset({"patch"})
    models = (User,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{person('Berta Silva').pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            person()


class TestOrganisations(ApiCase):
    collection = "/api/v1/organisations"
    valid = {"name": "Harbour Works", "slug": new("slug")}
    changed = {"name": "Meadow Works"}
    models = (Organisation,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{organisation('Meadow').pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            organisation()


class TestMembers(Inside):
    __test__ = True
    reader = "viewer"
    holder = "owner"
    changed = {"role": "editor"}

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self.house.membership(join(self.house.organisation, 'viewer')).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            join(self.house.organisation, "viewer")


class TestInvitations(Inside):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/invitations"
    below = "invitations"
    reader = "admin"  # Who sees invitations may send and withdraw them, too.
    reader_may = frozenset({"post", "delete"})
    holder = "owner"
    valid = {"addresses": lambda: [new("email")()], "role": "viewer"}

    def _invite(self) -> UUID:
        actor = self.house.inside(self.house.owner)
        with context.acting(actor):
            made = invitations_create(
                actor=actor,
                organisation=self.house.organisation,
                addresses=[new("email")()],
                role=roles_by_code()["viewer"],
            )
        return made.sent[0].pk

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._invite()}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self._invite()


class TestBackups(ApiCase):
    collection = "/api/v1/admin/backups"
    reader = "admin"  # Who sees backups may make them, too; there is no lesser right.
    reader_may = frozenset({"post"})
    valid = {}
    models = (Backup,)

    @pytest.fixture(autouse=True)
    def _quiet_broker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(publisher, "announce", lambda run_id: None)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{nights(1)[0].pk}"

    def make(self, number: int) -> None:
        nights(number)


class TestJobs(ApiCase):
    collection = "/api/v1/jobs"
    stranger_item = 404  # Who started a run may watch it, so there is no gate before the selector.
    models = (JobRun,)

    @pytest.fixture(autouse=True)
    def _quiet_broker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(publisher, "announce", lambda run_id: None)

    def _queue(self) -> UUID:
        with context.system("a test") as current:
            return runs.run_enqueue(cleaning.JOB, actor=current.actor, args={"cleanup": "accounts.expired_sessions"})

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._queue()}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self._queue()


class TestSchedules(ApiCase):
    collection = "/api/v1/schedules"
    paged = False
    key = "name"
    reader = "admin"  # One right for looking and switching.
    reader_may = frozenset({"patch"})
    changed = {"enabled": False}
    models = (ScheduleState,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{ScheduleState.objects.order_by('name').values_list('pk', flat=True)[0]}"


class TestNights(ApiCase):
    collection = "/api/v1/admin/nights"
    reader = "admin"  # One right for looking and running.
    reader_may = frozenset({"post"})
    models = (NightReport,)
    # Running a night takes no body: there is nothing to choose.
    test_fields_that_nobody_may_set_are_named = None  # type: ignore[assignment]
    test_only_json_is_taken = None  # type: ignore[assignment]
    test_a_broken_body_is_refused_before_anything_happens = None  # type: ignore[assignment]

    @pytest.fixture(autouse=True)
    def _quiet_broker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(publisher, "announce", lambda run_id: None)

    def _report(self) -> UUID:
        with context.system("a test"):
            made = night_report_write(run_id=ids.uuid7(), origin=NightReport.Origin.MORNING)
        return made.pk

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._report()}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self._report()


class TestRoles(ApiCase):
    collection = "/api/v1/roles"
    paged = False
    models = (Role,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/admin"


class TestEvents(ApiCase):
    collection = "/api/v1/audit/events"

    def existing(self, world: World) -> str:
        return f"{self.collection}/{Event.objects.order_by('id').values_list('id', flat=True)[0]}"

    def make(self, number: int) -> None:
        with context.system("a test"), writing():
            for _ in range(number):
                record("rbac.role.applied", target=Role.objects.first())


class TestActivity(ApiCase):
    collection = "/api/v1/admin/activity-logs"
    models = (Activity,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{world.clerk.pk}"

    def make(self, number: int) -> None:
        for minute in range(number):
            plant_activity(ago(minutes=minute + 1))


class TestDrills(ApiCase):
    collection = "/api/v1/admin/drills"
    reader = "admin"
    reader_may = frozenset({"post"})
    models = (Drill,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{drilled(clock.now()).pk}"

    def make(self, number: int) -> None:
        for place in range(number):
            drilled(clock.now() - timedelta(days=place))


class TestRestores(ApiCase):
    collection = "/api/v1/admin/restores"
    valid = {"backup_id": BACKUP, "mode": "scratch"}
    reader = "admin"
    reader_may = frozenset({"post"})
    models = (Restore,)

    @pytest.fixture(autouse=True)
    def _inspected(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(inspection, "inspect", as_inspected)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{restored(clock.now()).pk}"

    def make(self, number: int) -> None:
        for place in range(number):
            restored(clock.now() - timedelta(days=place))


# Collections without a case of their own, and why.
WITHOUT = {
    "OwnSessionsView": "everybody has one, so there is nobody to refuse; tests/accounts/test_own_sessions.py",
    "ActivityOfView": "the items of admin/activity-logs, whose case it is; tests/audit/test_activity_api.py",
    "CleanupHistoryView": "runs, which have their own collection; tests/maintenance/test_cleaning_api.py",
    "OwnKeysView": "one's own, which no right stands before; tests/accounts/test_key_api.py",
    "CleanupScheduleView": "some of the schedules; tests/maintenance/test_cleaning_api.py",
    "NavigationView": "one's own, as the console draws it; tests/rbac/test_navigation_api.py",
    "RunLinesView": "part of a run, whose case it shares; tests/rbac/test_runs_api.py",
    "OwnItemsView": "what waits for oneself; tests/cases/test_reviews.py",
    "PlatformOwnItemsView": "what waits for oneself; tests/cases/test_reviews.py",
    "DutyConflictsView": "computed, always one page; tests/rbac/test_duties.py",
    "PlatformReviewItemsView": "the view of an organisation, which has a case; tests/cases/test_reviews.py",
    "PlatformDutyConflictsView": "computed, always one page; tests/rbac/test_duties.py",
    "ResourceTypesView": "the same few for everybody; tests/rbac/test_tree_api.py",
    "OffersView": "what can be bought, always one page; tests/billing/test_catalogue_pages.py",
    "PlanVersionsView": "part of a plan, whose case it shares; tests/billing/test_catalogue_pages.py",
    "RefundsView": "parts of a payment, whose case they share; tests/billing/test_payment_api.py",
    "InvoiceLinksView": "parts of an invoice, whose case they share; tests/billing/test_money_acts_api.py",
    "ClosingsView": "few, and each closes the books for the next; tests/billing/test_books_api.py",
    "SubscriptionEventsView": "part of a subscription, whose case it shares; tests/billing/test_subscription_api.py",
    "SecretsView": "parts of a provider's account, never told; tests/billing/test_money_api.py",
    "SearchView": "some of every collection, each by its own right, always one page; tests/home/test_search.py",
    "HistoryView": "parts of a setting, whose case it shares; tests/cases/test_settings_api.py",
    "NoticesView": "what oneself was told; tests/home/test_own_console_api.py",
    "OwnInvitationsView": "what is offered to oneself, always one page; tests/accounts/test_own_api.py",
    "ExportsView": "what oneself asked for; tests/audit/test_exports_api.py",
    "DatabasesView": "databases on the server, always one page; tests/maintenance/restore/test_in_place.py",
    "SavedViewsView": "one's own, always one page; tests/home/test_own_console_api.py",
    "QuotasView": "computed, always one page; tests/billing/test_usage_api.py",
}


# Modules outside this folder that hold cases of their own rooms.
ELSEWHERE = ("tests.home.test_outbox", "tests.kit.test_mode_api", "tests.billing.test_payment_api")


def _cases(above: type[ApiCase] = ApiCase) -> set[type[ApiCase]]:
    return {case for below in above.__subclasses__() for case in ({below} | _cases(below))}


def test_every_collection_has_its_case_or_a_reason() -> None:
    for module in (*ELSEWHERE, *(f"tests.cases.{path.stem}" for path in Path(__file__).parent.glob("test_*.py"))):
        import_module(module)
    covered: set[Any] = {view_at(case.collection) for case in _cases() if case.__dict__.get("__test__") is not False}
    listed, open_ones = set(), []
    for route, callback in ROUTES:
        view: Any = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
        endpoints = view.endpoints if isinstance(view, type) and issubclass(view, ApiView) else {}
        if "get" in endpoints and endpoints["get"].items is not None:
            listed.add(view)
            if view not in covered and view.__name__ not in WITHOUT:
                open_ones.append(f"{route} {view.__name__}")
    assert open_ones == [], "neither a case nor a reason"
    assert set(WITHOUT) <= {view.__name__ for view in listed}, "a reason for what is not there"
    assert len(listed) > 7
