"""Pages, API, series and documentation of key figures."""

from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from portal.home import metrics
from portal.kit import clock, context
from portal.kit.kpis import CATEGORIES, Figure, Kpi, Span, kpis
from portal.kit.readings import quickly, readings
from portal.kit.services import writing
from tests.accounts.organisation_world import organisation
from tests.billing.api_world import eur
from tests.billing.subscription_world import buyer, plan, subscribed
from tests.factories import make_world, signed_in

pytestmark = pytest.mark.django_db


def test_managers_see_every_figure_and_what_is_missing() -> None:
    manager = signed_in(make_world().manager)
    page = manager.get("/platform/kpis?days=90")
    assert page.status_code == 200
    text = page.content.decode()
    assert all(str(kpi.label) in text for kpi in kpis)
    assert "Missing: the gross margin" in text
    assert text.count("days=90") >= len(kpis), "the span goes on to each figure"


@pytest.mark.parametrize("code", [kpi.code for kpi in kpis])
def test_each_figure_has_a_page(code: str) -> None:
    page = signed_in(make_world().manager).get(f"/platform/kpis/{code}?days=7&currency=XXX")
    assert page.status_code == 200
    assert str(kpis.get(code).definition)[:40] in page.content.decode().replace("&#x27;", "'")


def test_a_clerk_sees_none_and_a_figure_that_is_not_is_not_found() -> None:
    world = make_world()
    assert signed_in(world.clerk).get("/platform/kpis").status_code == 403
    assert signed_in(world.clerk).get("/platform/kpis/mrr").status_code == 403
    assert signed_in(world.manager).get("/platform/kpis/nothing").status_code == 404


def test_the_api_gives_exact_minor_units_or_the_reason() -> None:
    world = make_world()
    reply = signed_in(world.manager).get("/api/v1/kpis", {"days": "30", "currency": "EUR"})
    assert reply.status_code == 200
    items = {item["code"]: item for item in reply.json()["items"]}
    assert (items["mrr"]["value"], items["mrr"]["money"]) == (None, {"amount": 0, "currency": "EUR"})
    assert (items["active_api_keys"]["money"], items["active_api_keys"]["value"]) == (None, 0)
    assert items["ltv"]["value"] is None
    assert items["ltv"]["missing"]
    assert items["quick_ratio"]["note"] == "no loss"
    one = signed_in(world.manager).get("/api/v1/kpis/arr")
    assert one.json()["unit"] == "money"
    assert signed_in(world.manager).get("/api/v1/kpis", {"currency": "euro"}).status_code == 400
    assert signed_in(world.manager).get("/api/v1/kpis/nothing").status_code == 404
    assert signed_in(world.clerk).get("/api/v1/kpis").status_code == 403


def test_pages_and_api_show_any_day_of_the_past_and_nothing_else() -> None:
    subscribed(buyer(), plan(1000), "2024-01-05")
    subscribed(buyer(), plan(500), "2024-03-05")
    manager = signed_in(make_world().manager)
    page = manager.get("/platform/kpis/mrr?at=2024-02-10").content.decode()
    assert "As of the end of" in page
    assert "€10.00" in page
    assert "€15.00" not in page
    assert "€15.00" in manager.get("/platform/kpis?at=2024-03-31").content.decode()
    for wrong in ("2999-01-01", "1999-12-31", "soon", "2024-02-30", "20240210"):
        assert "As of the end of" not in manager.get(f"/platform/kpis?at={wrong}").content.decode()
        assert manager.get(f"/api/v1/kpis?at={wrong}").status_code == 400
    reply = manager.get("/api/v1/kpis/mrr?at=2024-03-31&days=30").json()
    assert (reply["money"], reply["before_money"], reply["parts"][0]["money"]) == (eur(1500), eur(1000), eur(1000))
    assert (reply["value"], reply["before"], reply["parts"][0]["value"]) == (None, None, None)
    assert len(reply["trend"]) == 12
    assert [point["money"] for point in reply["trend"]][-3:] == [eur(1000), eur(1000), eur(1500)]
    assert reply["trend"][-1]["ends_at"] == "2024-04-01T00:00:00Z"


def test_cohorts_are_shown_to_whom_may_read_figures() -> None:
    world = make_world()
    manager = signed_in(world.manager)
    assert "Nobody has begun to pay" in manager.get("/platform/kpis/cohorts").content.decode()
    assert manager.get("/api/v1/kpis/cohorts").json()["items"] == []
    subscribed(buyer(), plan(1000), "2024-01-05")
    page = manager.get("/platform/kpis/cohorts?at=2024-02-10").content.decode()
    assert "Jan 2024" in page
    assert page.count("100 %</td>") == 4
    (item,) = manager.get("/api/v1/kpis/cohorts?at=2024-02-10").json()["items"]
    assert (item["month"], item["customers"], item["mrr"]) == ("2024-01-01", 1, eur(1000))
    assert item["kept"] == [{"customers": 1, "mrr": eur(1000)}] * 2
    for path in ("/platform/kpis/cohorts", "/api/v1/kpis/cohorts"):
        assert signed_in(world.clerk).get(path).status_code == 403


def test_prometheus_has_every_figure_with_a_value_and_asks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.at(clock.now() - timedelta(days=2)):
        organisation()
    metrics.forget_kpis()
    reading = readings.get("home.kpis")
    read = reading.read()["steward_kpi_value"]
    found = dict(read)
    assert found["new_organisations", ""] == 1
    assert found["mrr", "EUR"] == 0
    assert ("ltv", "EUR") not in found, "what has no value is absent"
    assert {code for code, _currency in found} <= {kpi.code for kpi in kpis}
    asked: list[bool] = []

    def values(*, heavy: bool) -> dict[tuple[str, ...], float]:
        asked.append(heavy)
        return {}

    monkeypatch.setattr(metrics, "_values", values)
    for later in (0, 29, 31, 100, 901):
        now = clock.steady() + later
        monkeypatch.setattr(clock, "steady", lambda now=now: now)
        reading.read()
    assert asked == [False, False, False, True], "light ones every 30 s, heavy ones every quarter of an hour"
    metrics.forget_kpis()


def test_a_figure_that_fails_is_left_out_by_itself(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    def broken(span: Span) -> Figure:
        with quickly() as cursor:
            cursor.execute("SELECT 1 / 0")
        return Figure(None)

    kpi = Kpi("broken", "Broken", "count", "product", "up", "Nothing.", broken)
    monkeypatch.setattr(metrics, "kpis", [kpi, kpis.get("arr")])
    with context.system("a test"), writing():
        assert metrics._values(heavy=False) == {("arr", "EUR"): 0.0}


def test_the_documentation_has_one_row_for_each_figure_as_it_is_declared() -> None:
    lines = Path("docs/kpis.md").read_text("utf-8").splitlines()
    shown = [line for line in lines if line.startswith("| `")]
    expected = [documented(kpi) for category in CATEGORIES for kpi in kpis if kpi.category == category]
    assert shown == expected, "docs/kpis.md has to say:\n" + "\n".join(expected)


def documented(kpi: Kpi) -> str:
    """The row of docs/kpis.md that a figure has: code, name, unit, formula with its convention, and the room it is of."""
    source = kpi.read.__module__.split(".")[0]
    return f"| `{kpi.code}` | {kpi.label} | {kpi.unit} | {kpi.definition} | {source} |"
