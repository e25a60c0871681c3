"""Key figures of the decision: how often it is asked, and how often it has to look."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.kpis import Figure, Kpi, Span, kpis, ratio
from portal.kit.tallies import Counted, counted

CHECKS, READS = "rbac.checks", "rbac.reads"


def _counted(span: Span) -> Counted | None:
    return counted([CHECKS, READS], *span.days, span.end)


def _per_minute(span: Span) -> Figure:
    found = _counted(span)
    if found is None:
        return Figure(None, missing=_("counts of checks in that time"))
    return ratio(found.numbers.get(CHECKS, 0), found.minutes, none=_("less than a minute"))


def _hits(span: Span) -> Figure:
    found = _counted(span)
    if found is None:
        return Figure(None, missing=_("counts of checks in that time"))
    checks, reads = found.numbers.get(CHECKS, 0), found.numbers.get(READS, 0)
    return ratio(max(0, checks - reads), checks, none=_("no checks"))


kpis.add(
    Kpi(
        "authorisation_checks",
        gettext_lazy("Authorisation checks"),
        "per_minute",
        "product",
        "none",
        gettext_lazy(
            "Questions to the decision that web processes asked / minutes of the span's days (UTC), from the first count "
            "on. Lists that are filtered in the database do not count."
        ),
        _per_minute,
    )
)
kpis.add(
    Kpi(
        "cache_hit_rate",
        gettext_lazy("Cache hit rate"),
        "share",
        "product",
        "up",
        gettext_lazy(
            "1 - looks at the database / authorisation checks: the share that web processes answered from the sets of "
            "rights they remember, on the span's days (UTC)."
        ),
        _hits,
    )
)
