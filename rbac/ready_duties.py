"""Ready-made rules for separated duties: offered, never on by themselves, since they refuse what roles give today."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Text


@dataclass(frozen=True)
class ReadyRule:
    """One that can be switched on as it is. `inside`: in organisations, else on the installation."""

    code: str
    name: Text
    description: Text
    one: tuple[str, ...]
    other: tuple[str, ...]
    inside: bool = True


READY = (
    ReadyRule(
        "roles-and-elevation",
        _("Who edits roles may not approve elevation"),
        _("Whoever says what a role means does not also hand it out, for good or for a while."),
        ("role:create", "role:update", "role:delete"),
        ("role:assign",),
    ),
    ReadyRule(
        "keys-and-trail",
        _("Who makes keys may not take the audit trail away"),
        _("A key reads much and asks nobody; whoever makes them does not also export what was recorded."),
        ("apikey:admin",),
        ("audit:export",),
    ),
    ReadyRule(
        "people-and-roles",
        _("Who takes members in may not hand out roles"),
        _("One invites, another one says what they may do."),
        ("member:create",),
        ("role:assign",),
    ),
    ReadyRule(
        "backups-and-trail",
        _("Who restores backups may not take the audit trail away"),
        _("A restore changes what the installation knows; whoever does it does not also export what was recorded."),
        ("backup:restore",),
        ("audit:export",),
        inside=False,
    ),
    ReadyRule(
        "people-and-settings",
        _("Who administers people may not clean up"),
        _("Whoever changes accounts does not also remove what was left behind."),
        ("user:admin",),
        ("cleanup:execute",),
        inside=False,
    ),
)


def ready_rules(*, inside: bool) -> list[ReadyRule]:
    """Those for organisations, or those for the installation."""
    return [rule for rule in READY if rule.inside is inside]
