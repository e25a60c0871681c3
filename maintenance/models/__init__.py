"""The tables of upkeep, by noun."""

from maintenance.models.backups import Backup
from maintenance.models.heartbeats import Heartbeat
from maintenance.models.nights import NightReport
from maintenance.models.restores import Drill, Restore
from maintenance.models.runs import JobRun
from maintenance.models.schedules import ScheduleState
from maintenance.models.sizes import SizeSample

__all__ = ["Backup", "Drill", "Heartbeat", "JobRun", "NightReport", "Restore", "ScheduleState", "SizeSample"]
