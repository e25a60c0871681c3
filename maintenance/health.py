"""Health of the queue: a worker and a beat give signs of life, and no run waits for long."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from maintenance.selectors import system
from maintenance.services import heartbeats
from portal.kit.health import AwayError
from portal.kit.mode import state
from portal.kit.registry import HealthCheck, health

QUEUE_SLOW = timedelta(minutes=5)


def _probe(kind: str) -> str:
    alive = heartbeats.alive(kind)
    if not alive:
        raise AwayError(f"No {kind} is running; start one with `manage.py {kind} run`.")
    return f"{alive} running"


def queue() -> str:
    """No due run has waited for five minutes; while the portal is closed, runs wait on purpose."""
    found = system.queue()
    if found.oldest is None:
        return "empty"
    minutes = int(found.oldest.total_seconds() // 60)
    told = f"{found.due} due, the oldest for {minutes} min"
    window = state.in_force()
    if window is not None and window.closed:
        return f"{told}; they wait for the end of maintenance"
    if found.oldest > QUEUE_SLOW:
        raise AwayError(f"{told}. Look whether the workers are busy or stuck, or start another.")
    return told


health.add(HealthCheck("worker", _("Worker"), lambda: _probe("worker")))
health.add(HealthCheck("beat", _("Scheduler"), lambda: _probe("beat")))
health.add(HealthCheck("queue", _("Queue"), queue))
