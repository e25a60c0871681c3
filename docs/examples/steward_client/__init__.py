"""A typed client of Steward's authorisation API. Copy this package into your product; it needs httpx and nothing else."""

from docs.examples.steward_client.cache import DecisionCache
from docs.examples.steward_client.client import Steward
from docs.examples.steward_client.errors import (
    Away,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    StewardError,
    TooMany,
    Unauthenticated,
)
from docs.examples.steward_client.shapes import (
    Change,
    Changes,
    Circumstances,
    Decision,
    Explanation,
    Question,
    Registered,
    Resource,
    Subject,
    Thing,
)

__all__ = [
    "Away",
    "Change",
    "Changes",
    "Circumstances",
    "Conflict",
    "Decision",
    "DecisionCache",
    "Explanation",
    "Forbidden",
    "Gone",
    "Invalid",
    "NotFound",
    "Question",
    "Registered",
    "Resource",
    "Steward",
    "StewardError",
    "Subject",
    "Thing",
    "TooMany",
    "Unauthenticated",
]
