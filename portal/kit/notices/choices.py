"""Who wants to be told what, and how: everybody's own choice, and the link of a mail that takes one back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from portal.kit import clock, crypto
from portal.kit.context import Actor
from portal.kit.errors import Forbidden, Invalid, NotFound
from portal.kit.models.notices import Channel, NotificationChoice
from portal.kit.notices.categories import Category, categories
from portal.kit.record import record
from portal.kit.services import writing

PURPOSE = "kit.unsubscribe"
Choices = Mapping[tuple[str, str], bool]  # (category, channel): wanted


@dataclass(frozen=True)
class Setting:
    """One kind of news on one channel, as its person sees it."""

    category: Category
    channel: Channel
    enabled: bool

    @property
    def fixed(self) -> bool:
        """Whether nobody chooses."""
        return not self.category.may_choose(self.channel)


def wanted(people: Iterable[UUID], category: str, channel: Channel) -> set[UUID]:
    """Those of `people` who want news of this kind on this channel; at most one query."""
    asked = set(people)
    rule = categories.get(category).rule(channel)
    if rule in {"always", "never"}:
        return asked if rule == "always" else set()
    rows = NotificationChoice.objects.filter(category=category, channel=channel, person_id__in=asked)
    differing = set(rows.filter(enabled=rule == "off").values_list("person_id", flat=True))
    return differing if rule == "off" else asked - differing


def own_settings(actor: Actor) -> list[Setting]:
    """Every kind of news that is listed, on each channel, as the actor has it."""
    chosen = _chosen(_person(actor))
    listed = sorted((one for one in categories if one.listed), key=lambda one: (one.order, one.name))
    return [
        Setting(one, channel, chosen.get((one.name, channel), one.rule(channel) in {"always", "on"}))
        for one in listed
        for channel in Channel
    ]


def _chosen(person_id: UUID) -> Choices:
    rows = NotificationChoice.objects.filter(person_id=person_id).values_list("category", "channel", "enabled")
    return {
        (category, channel): enabled
        for category, channel, enabled in rows
        if category in categories and categories.get(category).may_choose(channel)
    }


def choices_set(*, actor: Actor, values: Choices) -> int:
    """Keep what the acting person chose; returns how many choices changed. Event `kit.notification.changed` for each.

    What the values do not name stays. `Invalid` names what does not exist and what nobody can choose.
    """
    wrong = {
        f"{category}.{channel}": [_("This cannot be chosen.")]
        for category, channel in values
        if category not in categories or channel not in Channel or not categories.get(category).may_choose(channel)
    }
    if wrong:
        raise Invalid(fields=wrong)
    with writing():
        return sum(_keep(_person(actor), *key, enabled) for key, enabled in sorted(values.items()))


def _keep(person_id: UUID, category: str, channel: str, enabled: bool) -> bool:
    before = categories.get(category).rule(channel) == "on"
    row, created = NotificationChoice.objects.select_for_update().get_or_create(
        person_id=person_id, category=category, channel=channel, defaults={"enabled": before}
    )
    if row.enabled == enabled:
        if created:
            row.delete()  # What holds anyway needs no row.
        return False
    row.enabled, row.changed_at = enabled, clock.now()
    row.save(update_fields=["enabled", "changed_at"])
    data = {"category": category, "channel": channel, "enabled": enabled}
    record("kit.notification.changed", target=row, data=data)
    return True


def choices_purge(*, person_id: UUID) -> int:
    """Forget what a person chose, with the person; part of a service that records it. Returns how many."""
    with writing():
        return NotificationChoice.objects.filter(person_id=person_id).delete()[0]


def _person(actor: Actor) -> UUID:
    if actor.kind != "person" or actor.id is None:
        raise Forbidden
    return actor.id


# --- The link of a mail ---


def unsubscribe_token(person_id: UUID, category: str) -> str:
    """What the link of a mail carries: whose mail of which kind, signed. It can do nothing but end such mails."""
    body = urlsafe_b64encode(person_id.bytes + category.encode()).decode().rstrip("=")
    return f"{body}.{crypto.signature(PURPOSE, body)}"


def unsubscribe_read(token: str) -> tuple[UUID, Category]:
    """The person and the kind of mail that a token names; `NotFound` for one that we did not sign."""
    body, _dot, signature = token.partition(".")
    if not crypto.is_signature(PURPOSE, body, signature):
        raise NotFound
    raw = urlsafe_b64decode(body + "=" * (-len(body) % 4))
    name = raw[16:].decode()
    if name not in categories or not categories.get(name).may_choose(Channel.MAIL):
        raise NotFound
    return UUID(bytes=raw[:16]), categories.get(name)


def unsubscribe(*, token: str) -> Category:
    """End the mails that a token names; again is harmless. Event `kit.notification.changed`.

    `NotFound` for a token that is not ours and for a person who is gone.
    """
    person_id, category = unsubscribe_read(token)
    with writing():
        # Held, so that the person is not erased meanwhile.
        person = get_user_model()._default_manager.select_for_update().filter(pk=person_id).values_list("pk", flat=True)
        if not person:
            raise NotFound
        _keep(person_id, category.name, Channel.MAIL, False)
    return category
