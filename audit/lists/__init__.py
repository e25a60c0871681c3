"""The lists of the record: the events as a table, and the activity."""

from audit.lists.activity import activity
from audit.lists.trail import asked, events, for_timeline, question

__all__ = ["activity", "asked", "events", "for_timeline", "question"]
