"""What the product keeps itself: projects and their documents, in memory, since that is not what this shows."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any


@dataclass
class Project:
    """A project; the documents in it by their ids."""

    id: str
    name: str
    documents: dict[str, str] = field(default_factory=dict)


class Store:
    """All projects of one customer."""

    def __init__(self) -> None:
        self.projects: dict[str, Project] = {}
        self.news: dict[str, dict[str, Any]] = {}
        self._numbers = count(1)

    def add(self, name: str) -> Project:
        """A new project."""
        made = Project(f"prj-{next(self._numbers)}", name)
        self.projects[made.id] = made
        return made

    def write(self, project: Project, text: str) -> str:
        """A new document in a project; its id."""
        key = f"doc-{next(self._numbers)}"
        project.documents[key] = text
        return key

    def hear(self, message_id: str, message: dict[str, Any]) -> bool:
        """Keep a message of Steward; False for one that came before."""
        return self.news.setdefault(message_id, message) is message
