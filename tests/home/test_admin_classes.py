"""Every class of the Django admin, by the inherited case."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import models

from accounts.models import Membership, Organisation, Session, User
from audit.models import Event
from billing.models import (
    CreditNote,
    Customer,
    Invoice,
    Journal,
    LedgerAccount,
    LegalEntity,
    Payment,
    Plan,
    ProviderAccount,
    Subscription,
)
from maintenance import cleaning
from maintenance.models import Backup, Drill, Heartbeat, JobRun, NightReport, Restore, ScheduleState, SizeSample
from maintenance.services import heartbeats, runs
from maintenance.services.nights import night_report_write
from maintenance.services.sizes import sizes_sample
from portal.home.layouts import made
from portal.home.models import Dashboard
from portal.home.services.dashboards import dashboard_create
from portal.kit import clock, context, ids
from portal.kit.models import Announcement, OutboundMessage
from portal.kit.notices import announcements
from portal.kit.notify import notify
from portal.kit.services import writing
from rbac.models import Binding, Role
from tests.billing.catalogue_world import flat, sold
from tests.billing.document_world import buyer, final
from tests.billing.money_world import seller
from tests.billing.payment_world import begun, provider
from tests.billing.subscription_world import plan, subscribed
from tests.billing.test_credit_notes import note
from tests.cases.admin import AdminCase
from tests.factories import World, actor_of, signed_in
from tests.maintenance.backup.rows import catalogued
from tests.maintenance.restore.rows import drilled, restored

pytestmark = pytest.mark.django_db


class TestUsers(AdminCase):
    __test__ = True
    model = User

    def row(self, world: World) -> models.Model:
        return world.clerk


class TestDashboards(AdminCase):
    __test__ = True
    model = Dashboard

    def row(self, world: World) -> models.Model:
        with context.acting(actor_of(world.admin)) as current:
            return dashboard_create(actor=current.actor, name="Mine", layout=made(("home.for_me", 12)))


class TestOrganisations(AdminCase):
    __test__ = True
    model = Organisation

    def row(self, world: World) -> models.Model:
        with context.system("a test"), writing():
            return Organisation.objects.create(slug="acme", name="Acme")


class TestMemberships(AdminCase):
    __test__ = True
    model = Membership

    def row(self, world: World) -> models.Model:
        with context.system("a test"), writing():
            acme = Organisation.objects.create(slug="acme", name="Acme")
            return Membership.objects.create(organisation=acme, user=world.clerk)


class TestSessions(AdminCase):
    __test__ = True
    model = Session

    def row(self, world: World) -> models.Model:
        signed_in(world.clerk)
        return Session.objects.get(user=world.clerk)

    def stored(self) -> list[object]:
        """Without the sessions of the test's own browsers."""
        return list(Session.objects.filter(user__name="Clerk").order_by("pk").values())


class TestRoles(AdminCase):
    __test__ = True
    model = Role

    def row(self, world: World) -> models.Model:
        return Role.objects.get(catalogue="platform", code="manager")


class TestBindings(AdminCase):
    __test__ = True
    model = Binding

    def row(self, world: World) -> models.Model:
        return Binding.objects.get(user=world.clerk)


class TestEvents(AdminCase):
    __test__ = True
    model = Event

    def row(self, world: World) -> models.Model:
        with context.acting(actor_of(world.root)):
            announcements.announcement_create(actor=actor_of(world.root), values={"title": "Planned work"})
        return Event.objects.filter(code="kit.announcement.created").latest("id")

    def stored(self) -> list[object]:
        """Denials and entering the platform are recorded while one looks; what was there stays as it was."""
        return list(Event.objects.filter(code="kit.announcement.created").order_by("id").values())


class TestJobRuns(AdminCase):
    __test__ = True
    model = JobRun

    def row(self, world: World) -> models.Model:
        actor = actor_of(world.admin)
        with context.acting(actor):
            run_id = runs.run_enqueue(cleaning.JOB, actor=actor, args={"cleanup": "accounts.expired_sessions"})
        return JobRun.objects.get(pk=run_id)


class TestSchedules(AdminCase):
    __test__ = True
    model = ScheduleState

    def row(self, world: World) -> models.Model:
        return ScheduleState.objects.order_by("name")[0]


class TestNightReports(AdminCase):
    __test__ = True
    model = NightReport

    def row(self, world: World) -> models.Model:
        with context.system("a test"):
            return night_report_write(run_id=ids.uuid7(), origin=NightReport.Origin.MORNING)


class TestBackups(AdminCase):
    __test__ = True
    model = Backup

    def row(self, world: World) -> models.Model:
        return catalogued(clock.now() - timedelta(hours=3))


class TestHeartbeats(AdminCase):
    __test__ = True
    model = Heartbeat

    def row(self, world: World) -> models.Model:
        with context.system("a test"):
            heartbeats.heartbeat_write(name="worker-one", kind="worker")
        return Heartbeat.objects.get(name="worker-one")


class TestSizeSamples(AdminCase):
    __test__ = True
    model = SizeSample

    def row(self, world: World) -> models.Model:
        with context.system("a test") as current:
            sizes_sample(actor=current.actor)
            with writing():  # There are more tables than fit on the page that the case looks at.
                SizeSample.objects.exclude(table="accounts_user").delete()
        return SizeSample.objects.get(table="accounts_user")


class TestRestores(AdminCase):
    __test__ = True
    model = Restore

    def row(self, world: World) -> models.Model:
        return restored(clock.now() - timedelta(hours=2))


class TestDrills(AdminCase):
    __test__ = True
    model = Drill

    def row(self, world: World) -> models.Model:
        return drilled(clock.now() - timedelta(hours=2))


class TestOutbox(AdminCase):
    __test__ = True
    model = OutboundMessage

    def row(self, world: World) -> models.Model:
        with context.system("a test"):
            mail = notify(world.clerk.pk, "security", "password_changed", {"user": world.clerk})
        assert mail is not None
        return mail


class TestAnnouncements(AdminCase):
    __test__ = True
    model = Announcement
    creates = {
        "title": "Planned work",
        "text": "Sunday",
        "tone": "warn",
        "starts_at": "2026-11-20T05:00",
        "ends_at": "",
    }
    updates = {**creates, "title": "Planned work, moved"}
    deletes = True

    def row(self, world: World) -> models.Model:
        with context.acting(actor_of(world.root)):
            values = {"title": "Sign-in was slow", "starts_at": clock.now() - timedelta(days=1)}
            return announcements.announcement_create(actor=actor_of(world.root), values=values)


class TestLegalEntities(AdminCase):
    __test__ = True
    model = LegalEntity

    def row(self, world: World) -> models.Model:
        return seller()


class TestCustomers(AdminCase):
    __test__ = True
    model = Customer

    def row(self, world: World) -> models.Model:
        return buyer()


class TestPlans(AdminCase):
    __test__ = True
    model = Plan

    def row(self, world: World) -> models.Model:
        return sold(flat()).plan


class TestSubscriptions(AdminCase):
    __test__ = True
    model = Subscription

    def row(self, world: World) -> models.Model:
        return subscribed(buyer(), plan(), "2026-11-01")[0]


class TestInvoices(AdminCase):
    __test__ = True
    model = Invoice

    def row(self, world: World) -> models.Model:
        return final(buyer(), 100)


class TestCreditNotes(AdminCase):
    __test__ = True
    model = CreditNote

    def row(self, world: World) -> models.Model:
        return note(final(buyer(), 100), amount=1)


class TestPayments(AdminCase):
    __test__ = True
    model = Payment

    def row(self, world: World) -> models.Model:
        return begun(final(buyer(), 100))


class TestProviderAccounts(AdminCase):
    __test__ = True
    model = ProviderAccount

    def row(self, world: World) -> models.Model:
        return provider()


class TestLedgerAccounts(AdminCase):
    __test__ = True
    model = LedgerAccount

    def row(self, world: World) -> models.Model:
        final(buyer(), 100)
        return LedgerAccount.objects.order_by("path")[0]


class TestJournals(AdminCase):
    __test__ = True
    model = Journal

    def row(self, world: World) -> models.Model:
        final(buyer(), 100)
        return Journal.objects.get()


def test_every_registered_class_has_a_case() -> None:
    tested = {case.model for case in AdminCase.__subclasses__() if case.__module__ == __name__}
    assert set(admin.site._registry) == tested
