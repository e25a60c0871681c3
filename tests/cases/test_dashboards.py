"""Dashboards: the collection, by its case."""

from itertools import count

from portal.home import layouts
from portal.home.models import Dashboard, DashboardVersion
from portal.home.services.dashboards import dashboard_create
from portal.kit import context
from portal.kit.ids import uuid7
from portal.kit.services import writing
from tests.cases.api import ApiCase
from tests.factories import World, actor_of, person

_numbers = count(1)
LAYOUT = layouts.made(("home.for_me", 12), ("home.notices", 4))


def _name() -> str:
    return f"Board {next(_numbers)}"


class TestDashboards(ApiCase):
    collection = "/api/v1/dashboards"
    models = (Dashboard, DashboardVersion)
    reader = "clerk"
    reader_may = frozenset({"post"})  # Everybody keeps dashboards of its own.
    valid = {"name": _name, "layout": LAYOUT}
    changed = {"name": "Another name", "layout": LAYOUT[:1]}

    def existing(self, world: World) -> str:
        with context.acting(actor_of(world.admin)) as current:
            row = dashboard_create(actor=current.actor, name=_name(), layout=LAYOUT, sharing="everybody")
        return f"{self.collection}/{row.pk}"

    def make(self, number: int) -> None:
        maker = person("Maker", role="admin")
        with context.system("a test"), writing():
            Dashboard.objects.bulk_create(
                Dashboard(pk=uuid7(), owner=maker, name=_name(), layout=LAYOUT, sharing="everybody")
                for _place in range(number)
            )
