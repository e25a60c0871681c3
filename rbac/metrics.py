"""Series of host products: runs, and who uses which module."""

from portal.kit import context
from portal.kit.readings import Reading, Samples, Series, quickly, readings
from rbac import module_selectors, run_selectors
from rbac.models import Run

OUTCOMES = ("succeeded", "failed")

RUNS = (
    Series("steward_rbac_runs_live", "gauge", "Runs of host products that have not ended, by state.", ("state",)),
    Series("steward_rbac_runs_started", "counter", "Runs that host products told of today (UTC), by type.", ("kind",)),
    Series(
        "steward_rbac_runs_ended",
        "counter",
        "Runs of host products that ended today (UTC); cancelled ones count as failed.",
        ("outcome",),
    ),
)
MODULES = (
    Series(
        "steward_rbac_module_organisations",
        "gauge",
        "Organisations that ran or changed something of a module within 30 days.",
        ("name",),
    ),
)


def _runs() -> Samples:
    with context.system("metrics"), quickly():
        live, started, ended = run_selectors.runs_live(), run_selectors.started_today(), run_selectors.ended_today()
    return {
        "steward_rbac_runs_live": [((state,), live.get(state, 0)) for state in Run.LIVE],
        "steward_rbac_runs_started": [((kind,), number) for kind, number in started.items()],
        "steward_rbac_runs_ended": list(zip(((one,) for one in OUTCOMES), ended, strict=True)),
    }


def _modules() -> Samples:
    with context.system("metrics"), quickly():
        found = module_selectors.adoption(context.actor())
    return {
        "steward_rbac_module_organisations": [
            ((f"{one.module.application.code}/{one.module.code}",), len(one.uses)) for one in found
        ]
    }


readings.add(Reading("rbac.runs", RUNS, _runs))
readings.add(Reading("rbac.modules", MODULES, _modules))
