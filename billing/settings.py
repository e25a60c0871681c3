"""Settings of key figures: the margin, and what the health of a customer is made of."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from portal.kit.runtime.declare import Group, Setting, Words, setting
from portal.kit.runtime.kinds import Number

FIGURES = Group("figures", _("Key figures"), _("What cannot be read out of the books."), 12)

MARGIN = setting(
    Setting(
        "figures.margin",
        FIGURES,
        _("Gross margin"),
        _("For lifetime value and payback."),
        Number(0, 100, _("percent"), _("Not known: those figures say so")),
        attribute="STEWARD_GROSS_MARGIN",
        variable="STEWARD_GROSS_MARGIN",
    )
)


def _weight(part: str, label: Words) -> Setting[int]:
    return setting(
        Setting(
            f"figures.health_{part}",
            FIGURES,
            label,
            _("Its weight in the health score of customers. Weights are relative to each other."),
            Number(0, 100),
            attribute=f"STEWARD_HEALTH_{part.upper()}",
            variable=f"STEWARD_HEALTH_{part.upper()}",
        )
    )


WEIGHTS: Mapping[str, Setting[int]] = {
    part: _weight(part, label)
    for part, label in (
        ("use", _("Health: use")),
        ("seats", _("Health: members seen, of the seats")),
        ("payment", _("Health: payment standing")),
        ("features", _("Health: features in use")),
        ("survey", _("Health: newest survey answer")),
    )
}
