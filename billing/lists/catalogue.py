"""Lists: what is sold."""

from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from billing.presenters import catalogue as presenters
from billing.selectors import catalogue as selectors
from portal.kit.lists import Choice, Column, Dates, Empty, List, Option, cells, register
from portal.kit.lists.columns import moment_column
from portal.kit.templatetags.kit import count


def _plans(number: int) -> str:
    return ngettext("%(count)s plan", "%(count)s plans", number) % {"count": count(number)}


def _meters(number: int) -> str:
    return ngettext("%(count)s meter", "%(count)s meters", number) % {"count": count(number)}


def _features(number: int) -> str:
    return ngettext("%(count)s feature", "%(count)s features", number) % {"count": count(number)}


def _coupons(number: int) -> str:
    return ngettext("%(count)s coupon", "%(count)s coupons", number) % {"count": count(number)}


def _text(name: str, label: Any, **more: Any) -> Column:
    return Column(name, label, cell=cells.text(name), value=attrgetter(name), card="line", **more)


def _named(name: str, label: Any, icon: str, by: tuple[str, ...] = ("name",)) -> Column:
    cell = cells.what("code", icon)
    return Column(name, label, cell=cell, value=attrgetter("label"), by=by, fixed=True, card="head")


_STATE = Column(
    "state",
    gettext_lazy("Status"),
    cell=cells.status("state_tone", "state_label"),
    value=attrgetter("state_label"),
    card="state",
)
_CODE = Column("code", gettext_lazy("Code"), cell=cells.text("code", "mono"), value=attrgetter("code"), shown=False)
_MADE = Column(
    "created",
    gettext_lazy("Created"),
    cell=cells.moment("created_at", "date"),
    value=attrgetter("created_at"),
    by=("created_at",),
    newest=True,
    css="num quiet",
)
_ARCHIVED = Choice(
    name="state",
    label=gettext_lazy("Status"),
    options=(Option("active", gettext_lazy("Active")), Option("archived", gettext_lazy("Archived"))),
    apply=lambda rows, value: rows.filter(archived_at__isnull=value == "active"),
    tabs=True,
    counted=True,
)

plans = register(
    List(
        name="billing.plans",
        label=gettext_lazy("Plans"),
        url="/platform/plans",
        code="plan:read",
        source=selectors.plans,
        present=presenters.plan_rows,
        items=_plans,
        columns=(
            _named("plan", gettext_lazy("Plan"), "card", ("position",)),
            _STATE,
            _text("price", gettext_lazy("Price")),
            _text("currencies", gettext_lazy("Currencies")),
            _text("sold_as", gettext_lazy("Sold as")),
            _text("kind", gettext_lazy("Kind")),
            _text("product", gettext_lazy("Product"), shown=False),
            _CODE,
            _MADE,
        ),
        sort="plan",
        empty=Empty(
            gettext_lazy("No plans yet"),
            gettext_lazy("Make the first one, say what it costs and what it gives, and publish it."),
            "card",
        ),
        no_match=gettext_lazy("No plan matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=(
                    Option("draft", gettext_lazy("Draft")),
                    Option("active", gettext_lazy("Active")),
                    Option("archived", gettext_lazy("Archived")),
                ),
                apply=lambda rows, value: rows.filter(state=value),
                tabs=True,
                counted=True,
            ),
            Choice(
                name="kind",
                label=gettext_lazy("Kind"),
                options=(Option("base", gettext_lazy("Plan")), Option("addon", gettext_lazy("Add-on"))),
                apply=lambda rows, value: rows.filter(kind=value),
            ),
            Dates(name="created", label=gettext_lazy("Created"), field="created_at"),
        ),
    )
)

meters = register(
    List(
        name="billing.meters",
        label=gettext_lazy("Meters"),
        url="/platform/meters",
        code="plan:read",
        source=selectors.meters,
        present=presenters.meter_rows,
        items=_meters,
        columns=(
            _named("meter", gettext_lazy("Meter"), "activity"),
            _STATE,
            _text("told", gettext_lazy("Counts")),
            _text("second", gettext_lazy("Unit")),
            _CODE,
        ),
        sort="meter",
        empty=Empty(
            gettext_lazy("No meters yet"),
            gettext_lazy("A meter turns events of use into the quantity that a price is for."),
            "activity",
        ),
        no_match=gettext_lazy("No meter matches"),
        filters=(_ARCHIVED,),
    )
)

features = register(
    List(
        name="billing.features",
        label=gettext_lazy("Features"),
        url="/platform/features",
        code="plan:read",
        source=selectors.features,
        present=presenters.feature_rows,
        items=_features,
        columns=(
            _named("feature", gettext_lazy("Feature"), "check-circle", ("position",)),
            _STATE,
            _text("told", gettext_lazy("Kind")),
            _text("second", gettext_lazy("Counted by")),
            _CODE,
        ),
        sort="feature",
        empty=Empty(
            gettext_lazy("No features yet"),
            gettext_lazy("A feature is what a plan opens, or gives a number of."),
            "check-circle",
        ),
        no_match=gettext_lazy("No feature matches"),
        filters=(_ARCHIVED,),
    )
)

coupons = register(
    List(
        name="billing.coupons",
        label=gettext_lazy("Coupons"),
        url="/platform/coupons",
        code="plan:read",
        source=selectors.coupons,
        present=presenters.coupon_rows,
        items=_coupons,
        columns=(
            _named("coupon", gettext_lazy("Coupon"), "invoice", ("created_at",)),
            _STATE,
            _text("told", gettext_lazy("Takes off")),
            _text("second", gettext_lazy("Redeemed")),
            _CODE,
            moment_column("created", gettext_lazy("Created"), "created_at", style="date", css="num quiet"),
        ),
        sort="-coupon",
        empty=Empty(
            gettext_lazy("No coupons yet"),
            gettext_lazy("A coupon takes a share or an amount off what its holder pays."),
            "invoice",
        ),
        no_match=gettext_lazy("No coupon matches"),
        filters=(_ARCHIVED,),
    )
)
