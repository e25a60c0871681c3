"""Base models, and the tables that every room shares."""

from portal.kit.models.base import EVENT, SUMMARY, Evidence, Model, TenantModel, no_evidence
from portal.kit.models.lists import ListPreference, SavedView
from portal.kit.models.mode import MaintenanceWindow
from portal.kit.models.notes import Note
from portal.kit.models.notices import Announcement, Notice, NotificationChoice
from portal.kit.models.outbox import OutboundMessage, SuppressedAddress
from portal.kit.models.requests import KeptRequest
from portal.kit.models.search import RecentSearch, SavedSearch
from portal.kit.models.settings import SettingValue, SettingVersion
from portal.kit.models.tallies import Tally

__all__ = [
    "EVENT",
    "SUMMARY",
    "Announcement",
    "Evidence",
    "KeptRequest",
    "ListPreference",
    "MaintenanceWindow",
    "Model",
    "Note",
    "Notice",
    "NotificationChoice",
    "OutboundMessage",
    "RecentSearch",
    "SavedSearch",
    "SavedView",
    "SettingValue",
    "SettingVersion",
    "SuppressedAddress",
    "Tally",
    "TenantModel",
    "no_evidence",
]
