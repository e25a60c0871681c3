"""Health of the queue: a worker and a beat give signs of life."""

from django.utils.translation import gettext_lazy as _

from maintenance.services import heartbeats
from portal.kit.registry import HealthCheck, health


def _probe(kind: str) -> str:
    alive = heartbeats.alive(kind)
    if not alive:
        raise RuntimeError(f"No {kind} is running; start one with `manage.py {kind} run`.")
    return f"{alive} running"


health.add(HealthCheck("worker", _("Worker"), lambda: _probe("worker")))
health.add(HealthCheck("beat", _("Scheduler"), lambda: _probe("beat")))
