"""Settings of permissions: rights that one has for a while, and runs of host products."""

from django.utils.translation import gettext_lazy as _

from portal.kit.runtime.declare import Group, Setting, more, setting
from portal.kit.runtime.kinds import Duration

RIGHTS = Group("rights", _("Rights for a while"), _("Roles that are asked for, and emergencies."), 5)
PRODUCTS = Group("products", _("Host products"), _("What they run."), 11)

ELEVATION_MOST = setting(
    Setting(
        "rights.elevation_most",
        RIGHTS,
        _("Longest role for a while"),
        _("For how long at most somebody can be given a role that they asked for."),
        Duration("minutes", 5, 10_080),
        attribute="STEWARD_ELEVATION_MOST_MINUTES",
        variable="STEWARD_ELEVATION_MOST_MINUTES",
        weaker=more,
        weakens=_("People can hold more rights than they need for longer."),
    )
)
ELEVATION_WAIT = setting(
    Setting(
        "rights.elevation_wait",
        RIGHTS,
        _("A request waits"),
        _("For how long it waits for an answer before it is over."),
        Duration("hours", 1, 720),
        attribute="STEWARD_ELEVATION_WAIT_HOURS",
        variable="STEWARD_ELEVATION_WAIT_HOURS",
    )
)
GLASS = setting(
    Setting(
        "rights.glass",
        RIGHTS,
        _("Broken glass"),
        _("For how long whoever breaks the glass has every right in one organisation."),
        Duration("minutes", 5, 60),
        attribute="STEWARD_GLASS_MINUTES",
        variable="STEWARD_GLASS_MINUTES",
        weaker=more,
        weakens=_("An emergency opens an organisation for longer."),
    )
)
RUN_LOST = setting(
    Setting(
        "products.run_lost",
        PRODUCTS,
        _("A run counts as lost"),
        _("After so long without a word from its product."),
        Duration("minutes", 1, 10_080),
        attribute="STEWARD_RUN_LOST",
        variable="STEWARD_RUN_LOST_MINUTES",
    )
)
