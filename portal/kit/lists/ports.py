"""What lists need from the rooms above: the roles that a saved view can be the first of."""

from dataclasses import dataclass
from uuid import UUID

from portal.kit.ports import port


@dataclass(frozen=True)
class NamedRole:
    """A role of the installation."""

    id: UUID
    label: str


@port
def roles_held(person_id: UUID) -> list[NamedRole]:
    """The roles of the installation that a person holds now, highest first."""
    raise NotImplementedError


@port
def roles_offered() -> list[NamedRole]:
    """All roles of the installation, highest first."""
    raise NotImplementedError
