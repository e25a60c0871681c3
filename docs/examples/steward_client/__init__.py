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
from docs.examples.steward_client.usage import Entitlement, Meters, Use
from docs.examples.steward_client.webhooks import NotSteward, verify

__all__ = [
    "Away",
    "Change",
    "Changes",
    "Circumstances",
    "Conflict",
    "Decision",
    "DecisionCache",
    "Entitlement",
    "Explanation",
    "Forbidden",
    "Gone",
    "Invalid",
    "Meters",
    "NotFound",
    "NotSteward",
    "Question",
    "Registered",
    "Resource",
    "Steward",
    "StewardError",
    "Subject",
    "Thing",
    "TooMany",
    "Unauthenticated",
    "Use",
    "verify",
]
