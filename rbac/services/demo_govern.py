"""A rule for separated duties, and roles for a while, of the demonstration."""

from uuid import UUID

from portal.kit import context
from portal.kit.context import Actor
from rbac.models import Role, Scope
from rbac.ready_duties import ready_rules
from rbac.services.duties import DutyDraft, duty_rule_create
from rbac.services.elevations import elevation_approve, elevation_ask
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
