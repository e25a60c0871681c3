"""People as the templates show them: rows, the page of one person with the reason for every refusal, roles."""

from accounts.presenters.person import PersonPage
from accounts.presenters.roles import offered_roles, role_badges, role_text
from accounts.presenters.rows import PersonRow, rows

__all__ = ["PersonPage", "PersonRow", "offered_roles", "role_badges", "role_text", "rows"]
