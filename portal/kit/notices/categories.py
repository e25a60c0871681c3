"""Kinds of news that people are told, by mail and behind the bell: declared by the rooms in their `categories.py`."""

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext_lazy as _

from portal.kit.models.notices import Channel
from portal.kit.registry import Registry, Text

# always and never: nobody chooses; on and off: what holds until the person chooses.
Rule = Literal["always", "on", "off", "never"]


@dataclass(frozen=True)
class Category:
    """A kind of news. `reason` is why one gets such a mail, as its last lines say it.

    `vital` mail goes out first, and to addresses that have refused mail before. Administrators of the outbox see the
    links of a mail only where `open_links` says that they let nobody in.
    """

    name: str
    label: Text
    text: Text
    reason: Text
    mail: Rule = "on"
    bell: Rule = "on"
    vital: bool = False
    open_links: bool = False
    order: int = 50

    def rule(self, channel: str) -> Rule:
        """What holds on a channel."""
        return self.mail if channel == Channel.MAIL else self.bell

    def may_choose(self, channel: str) -> bool:
        """Whether a person decides about it."""
        return self.rule(channel) in {"on", "off"}

    @property
    def listed(self) -> bool:
        """Whether it stands among the settings of a person."""
        return self.mail in {"on", "off"} or self.bell in {"on", "off"} or self.vital


categories: Registry[Category] = Registry("Notification category", lambda item: item.name)

categories.add(
    Category(
        "mail",
        _("Mail that does not arrive"),
        _("For administrators: mails that could not be delivered."),
        reason=_("You get this because you run this installation."),
        mail="never",
        order=80,
    )
)
categories.add(
    Category(
        "digest",
        _("Daily digest"),
        _("One mail in the morning with what you have not read yet. Nothing new, no mail."),
        reason=_("You get this because you asked for it."),
        mail="off",
        bell="never",
        open_links=True,
        order=90,
    )
)
