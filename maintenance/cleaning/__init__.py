"""Clean-ups: look first, then remove in batches that hold no lock for long, from a cursor that survives the worker.

A clean-up is declared by the room that owns the data (`cleanups.py`), in one of several ways (`registry.Cleanup.how`).
The preview fixes the cut-off: what is confirmed is what was counted, and what grows old meanwhile waits for the next run.
"""

from maintenance.cleaning.found import SAMPLE_ROWS
from maintenance.cleaning.previews import (
    CATEGORIES,
    EVERYTHING,
    WORD,
    Overview,
    Preview,
    confirmed,
    counted_again,
    members,
    overview,
    preview,
    word_of,
)
from maintenance.cleaning.running import JOB, run_cleanup

__all__ = [
    "CATEGORIES",
    "EVERYTHING",
    "JOB",
    "SAMPLE_ROWS",
    "WORD",
    "Overview",
    "Preview",
    "confirmed",
    "counted_again",
    "members",
    "overview",
    "preview",
    "run_cleanup",
    "word_of",
]
