"""What a host product tells of one of its things."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal
from uuid import UUID

from rbac.models import Application, ResourceType

ATTRIBUTES = 50  # Names in one resource's attributes.
ATTRIBUTES_BYTES = 16_384  # Of them as JSON.


class _Keep(Enum):
    KEEP = "keep"


KEEP: Final = _Keep.KEEP  # Where it stands; a new one stands at the organisation itself.
Known = tuple[str, str]  # A resource by `application/type` and the host product's id.
# The organisation itself, a workspace or resource by its id, or a resource as the host product knows it.
Place = UUID | Known | None


@dataclass(frozen=True)
class ResourceRow:
    """A resource as it should be. None for attributes or `is_public` leaves them as they are."""

    type: ResourceType
    external_id: str
    name: str
    attributes: Mapping[str, Any] | None = None
    is_public: bool | None = None
    place: Place | Literal[_Keep.KEEP] = KEEP

    @property
    def known(self) -> Known:
        """How the host product names it."""
        return type_key(self.type), self.external_id


def type_key(row: ResourceType) -> str:
    """How a type is spelled, `application/type`; needs its application read."""
    application: Application = row.application
    return f"{application.code}/{row.code}"
