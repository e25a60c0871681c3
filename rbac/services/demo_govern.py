"""A rule for separated duties, roles for a while, and an emergency of the demonstration."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db.models import Model

from portal.kit import clock, context
from portal.kit.context import Actor
from rbac.models import Role, Scope
from rbac.ready_duties import ready_rules
from rbac.services.duties import DutyDraft, duty_rule_create
from rbac.services.elevations import elevation_approve, elevation_ask, elevation_end
from rbac.services.glass import glass_break, glass_end, glass_note, glass_review
from rbac.standing import standing_on


def demo_govern_load(*, organisation_id: UUID, owner: Actor, asking: Actor, approved: Actor) -> None:
    """Make a rule that an owner switched on, one request that waits, and one that counts; all three are members.

    Part of the service that loads the demonstration. Events as of the services.
    """
    scope = Scope.objects.get(pk=organisation_id)
    spec = next(rule for rule in ready_rules(inside=True) if rule.code == "keys-and-trail")
    draft = DutyDraft(str(spec.name), str(spec.description), spec.one, (), spec.other, (), ready=spec.code)
    with standing_on(organisation_id):
        with context.acting(owner):
            duty_rule_create(actor=owner, organisation_id=organisation_id, draft=draft)
        editor = Role.objects.get(catalogue="organisation", code="editor")
        with context.acting(asking):
            elevation_ask(
                actor=asking, role=editor, scope=scope, minutes=120, reason="The new season has to be entered"
            )
        with context.acting(approved):
            row = elevation_ask(
                actor=approved, role=editor, scope=scope, minutes=480, reason="I stand in for a colleague who is ill"
            )
        with context.acting(owner):
            elevation_approve(actor=owner, elevation=row, words="Thank you. Until tonight.")


def demo_elevation_past(*, organisation_id: UUID, owner: Actor, asking: Actor) -> None:
    """A role for a while that was asked for at the present moment, given within the hour and handed back in the
    afternoon. Part of the service that loads the demonstration. Events and mails as of the services."""
    scope, asked = Scope.objects.get(pk=organisation_id), clock.now()
    editor = Role.objects.get(catalogue="organisation", code="editor")
    with standing_on(organisation_id):
        with context.acting(asking):
            row = elevation_ask(
                actor=asking, role=editor, scope=scope, minutes=480, reason="The samples of this week are to be entered"
            )
        with clock.at(asked + timedelta(minutes=35)), context.acting(owner):
            row = elevation_approve(actor=owner, elevation=row, words="For today.")
        with clock.at(asked + timedelta(hours=6)), context.acting(asking):
            elevation_end(actor=asking, elevation=row)


def demo_glass_past(*, organisation: Model, who: Actor, reviewer: Actor) -> None:
    """An emergency: the glass is broken at the present moment, over after half an hour, told of, and reviewed by another
    one the same morning. Part of the service that loads the demonstration. Events, mails and notices as of the
    services."""
    began = clock.now()
    who, reviewer = (replace(one, organisation_id=None) for one in (who, reviewer))
    with context.acting(who):
        row = glass_break(actor=who, organisation=organisation, reason="Their only owner on duty is locked out")
    with clock.at(began + timedelta(minutes=28)), context.acting(who):
        row = glass_end(actor=who, glass=row)
    with clock.at(began + timedelta(minutes=50)), context.acting(who):
        note = "Gave the second owner back her role, which had been taken by mistake. Looked at nothing else."
        row = glass_note(actor=who, glass=row, note=note)
    with clock.at(began + timedelta(hours=5)), context.acting(reviewer):
        glass_review(actor=reviewer, glass=row, verdict="justified", words="As the note says; the trail agrees.")
