"""Pages of the trail. Reading them is not itself recorded: secrets are not in them. Exports are."""

from audit.views.activity import ActivityRequestView, ActivityView
from audit.views.event import EventView
from audit.views.exports import ExportCancelView, ExportFileView, ExportsView, ExportView
from audit.views.saved import SavedView
from audit.views.table import TableView
from audit.views.timeline import TailView, TimelineView

__all__ = [
    "ActivityRequestView",
    "ActivityView",
    "EventView",
    "ExportCancelView",
    "ExportFileView",
    "ExportView",
    "ExportsView",
    "SavedView",
    "TableView",
    "TailView",
    "TimelineView",
]
