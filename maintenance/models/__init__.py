"""The tables of upkeep, by noun."""

from maintenance.models.heartbeats import Heartbeat
from maintenance.models.runs import JobRun
from maintenance.models.schedules import ScheduleState

__all__ = ["Heartbeat", "JobRun", "ScheduleState"]
