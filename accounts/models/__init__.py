"""People, organisations, memberships, sessions and sign-in counters."""

from accounts.models.imports import PeopleImport
from accounts.models.links import Link
from accounts.models.organisations import Invitation, Membership, Organisation, slug_validator
from accounts.models.people import User, UserManager, username_validator
from accounts.models.sessions import Session, SignInCounter

__all__ = [
    "Invitation",
    "Link",
    "Membership",
    "Organisation",
    "PeopleImport",
    "Session",
    "SignInCounter",
    "User",
    "UserManager",
    "slug_validator",
    "username_validator",
]
