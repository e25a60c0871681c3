"""The series as Prometheus would read them."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from portal.kit import readings

KEY = "a-metrics-key-of-these-tests"
Scraped = dict[tuple[str, frozenset[tuple[str, str]]], float]
Scrape = Callable[[], "Series"]


class Series:
    """What one scrape gave."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._values: Scraped = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __call__(self, name: str, /, **labels: str) -> float | None:
        """The value of one sample, None when it is absent."""
        return self._values.get((name, frozenset(labels.items())))

    def labels(self, name: str) -> list[dict[str, str]]:
        """The labels of all samples of that name."""
        return [dict(labels) for found, labels in self._values if found == name]


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    """Nothing that another test's database said is kept."""
    readings.collector.forget()
    yield
    readings.collector.forget()


@pytest.fixture
def scrape(settings: Settings, client: Client) -> Scrape:
    """Reads /metrics, past what is kept."""
    settings.METRICS_KEY = KEY

    def ask() -> Series:
        readings.collector.forget()
        reply = client.get("/metrics", headers={"Authorization": f"Bearer {KEY}"})
        assert reply.status_code == 200
        return Series(reply.content.decode())

    return ask
