"""Reading the trail. Every read starts from what the actor may see, and its cost does not depend on the trail's age."""

from audit.selectors.exported import EXPORT, export, exported, exports, is_current, live, reaches, state_of
from audit.selectors.grouping import GROUP_LIMIT, By, Group, Groups, groups
from audit.selectors.history import activity_of, events_latest, history_of, history_page
from audit.selectors.trail import (
    NEWER_LIMIT,
    PAGE,
    PAGE_LIMIT,
    READ,
    Neighbours,
    Page,
    event,
    events,
    events_of_request,
    neighbours,
    newer_count,
    related,
    told,
)

__all__ = [
    "EXPORT",
    "GROUP_LIMIT",
    "NEWER_LIMIT",
    "PAGE",
    "PAGE_LIMIT",
    "READ",
    "By",
    "Group",
    "Groups",
    "Neighbours",
    "Page",
    "activity_of",
    "event",
    "events",
    "events_latest",
    "events_of_request",
    "export",
    "exported",
    "exports",
    "groups",
    "history_of",
    "history_page",
    "is_current",
    "live",
    "neighbours",
    "newer_count",
    "reaches",
    "related",
    "state_of",
    "told",
]
