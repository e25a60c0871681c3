"""Events of rights for a while, of broken glass and of separated duties, and how their fields appear in a diff."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

for code, sentence in (
    ("rbac.elevation.asked", _("{target} was asked for, for a while")),
    ("rbac.elevation.approved", _("{target} was approved for a while")),
    ("rbac.elevation.refused", _("{target} was refused")),
    ("rbac.elevation.withdrawn", _("The request for {target} was withdrawn")),
    ("rbac.elevation.expired", _("Nobody answered the request for {target}")),
    ("rbac.elevation.ended", _("{target} is over")),
):
    events.add(Event(code, sentence, "authorisation", "notice"))
events.add(Event("rbac.glass.broken", _("The glass was broken: every right in {target}"), "security", "critical"))
events.add(Event("rbac.glass.ended", _("Emergency access ended: {target}"), "security", "warning"))
events.add(Event("rbac.glass.noted", _("What was done in the emergency was told: {target}"), "security", "notice"))
events.add(Event("rbac.glass.reviewed", _("Emergency access was reviewed: {target}"), "security", "notice"))
for code, sentence in (
    ("rbac.duty_rule.created", _("The rule {target} for separated duties was made")),
    ("rbac.duty_rule.updated", _("The rule {target} for separated duties was changed")),
    ("rbac.duty_rule.deleted", _("The rule {target} for separated duties was deleted")),
):
    events.add(Event(code, sentence, "authorisation", "notice"))

for model, names in (
    ("rbac.Elevation", ("state", "minutes", "until", "role_label")),
    ("rbac.GlassBreak", ("expires_at", "ended_at", "noted_at", "verdict")),
    (
        "rbac.DutyRule",
        ("name", "description", "one_codes", "one_roles", "other_codes", "other_roles", "is_active"),
    ),
):
    for name in names:
        fields.add(Field(model, name, "public"))
# In the person's own words, which may tell of people.
for model in ("rbac.Elevation", "rbac.GlassBreak"):
    fields.add(Field(model, "reason", "personal"))
