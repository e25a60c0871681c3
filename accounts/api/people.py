"""People over the API: the same services as the console's pages."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import selectors
from accounts.api.serializers import (
    PERSON,
    LinkReply,
    PersonBody,
    PersonCreatedReply,
    PersonNewBody,
    PersonReply,
    PersonWithRolesReply,
    ReasonBody,
    RoleGivenBody,
    TemporaryPasswordReply,
    UnlockedReply,
    person_body,
)
from accounts.errors import (
    Deactivated,
    DeveloperRoleRefused,
    Erased,
    NotAPerson,
    NotYourself,
    Outranked,
    RootProtected,
)
from accounts.lists import people
from accounts.models import User
from accounts.services import erasure, links, users
from accounts.services.developers import developer_role_give
from accounts.services.passwords import password_issue
from accounts.services.roles import role_give, role_take
from portal.kit import errors, limits
from portal.kit.api import ApiView, endpoint, json
from portal.kit.api.listing import page_of, parameters_of
from rbac import selectors as rbac
from rbac.counting import is_bounded
from rbac.errors import CannotDelegate, LastAdministrator
from rbac.models import Role

PROTECTED = (RootProtected, Outranked)
GIVEN = (*PROTECTED, CannotDelegate, DeveloperRoleRefused, Erased)


class PeopleView(ApiView):
    """The people of the installation."""

    access = "user:read"

    @endpoint(items=PersonReply, query=parameters_of(people))
    def get(self, request: Request) -> HttpResponse:
        """List people, with the filters, the search and the orders of the console; by name if none is asked for."""
        page = page_of(people, self.actor, self.asked, *PERSON)
        return self.listed((row.body for row in page.items), page.next)

    @endpoint(
        access="user:admin",
        body=PersonNewBody,
        reply=PersonCreatedReply,
        status=201,
        errors=(CannotDelegate,),
    )
    def post(self, request: Request) -> HttpResponse:
        """Create a person with a temporary password.

        The password is in this reply, and in the reply to the same call sent again with its Idempotency-Key.
        """
        given = dict(self.sent)
        code = given.pop("role", None)
        user, password = users.user_create(actor=self.actor, role=None if code is None else _role(code), **given)
        body = person_body(user, rbac.roles_of(user.pk))
        reply = json({"user": body, "temporary_password": password}, status=201)
        reply.headers["Location"] = f"/api/v1/users/{user.pk}"
        return reply


def _known(code: str) -> Role | None:
    return next((role for role in rbac.platform_roles() if role.code == code), None)


def _role(code: str) -> Role:
    found = _known(code)
    if found is None:
        raise errors.Invalid(fields={"role": [_("There is no such role.")]})
    return found


class PersonBase(ApiView, abstract=True):
    """What the endpoints of one person share."""

    volatile = frozenset({"last_seen_at"})

    def person(self, person_id: UUID) -> User:
        """The person of the address; `NotFound` where the caller may not see it."""
        return selectors.person(self.actor, person_id)

    def told(self, user: User) -> HttpResponse:
        """The person as it is now."""
        return self.single(_described(user))


def _described(user: User) -> dict[str, Any]:
    return person_body(user, rbac.roles_of(user.pk))


class PersonView(PersonBase):
    """One person. Its ETag stands for everything but when it was last seen."""

    access = "user:read"

    @endpoint(reply=PersonWithRolesReply, etag=True)
    def get(self, request: Request, person_id: UUID) -> HttpResponse:
        """Read a person."""
        return self.told(self.person(person_id))

    @endpoint(
        access="user:update",
        body=PersonBody,
        partial=True,
        reply=PersonWithRolesReply,
        etag=True,
        errors=(*PROTECTED, Erased),
    )
    def patch(self, request: Request, person_id: UUID) -> HttpResponse:
        """Change a person's details. Fields that are absent stay as they are."""
        user = self.unchanged(self.person(person_id), _described)
        return self.told(users.user_update(actor=self.actor, user=user, values=self.sent))

    @endpoint(access="user:admin", status=204, etag=True, errors=(*PROTECTED, NotYourself, LastAdministrator, Erased))
    def delete(self, request: Request, person_id: UUID) -> HttpResponse:
        """Erase a person for good.

        What names the person is gone, user name and address are free again; what it did stays told of an erased person.
        """
        user = self.unchanged(self.person(person_id), _described)
        erasure.user_anonymise(actor=self.actor, user=user)
        return HttpResponse(status=204)


class PersonActivateView(PersonBase):
    """Whether a person may sign in."""

    access = "user:admin"

    @endpoint(reply=PersonWithRolesReply, errors=(*PROTECTED, Erased))
    def post(self, request: Request, person_id: UUID) -> HttpResponse:
        """Let a person in again. Does nothing when it is active already."""
        return self.told(users.user_activate(actor=self.actor, user=self.person(person_id)))


class PersonDeactivateView(PersonBase):
    """Whether a person may sign in."""

    access = "user:admin"

    @endpoint(body=ReasonBody, reply=PersonWithRolesReply, errors=(*PROTECTED, NotYourself, LastAdministrator, Erased))
    def post(self, request: Request, person_id: UUID) -> HttpResponse:
        """Shut a person out. Its next request sees the inactive page only."""
        user = self.person(person_id)
        return self.told(users.user_deactivate(actor=self.actor, user=user, reason=self.sent["reason"]))


class PersonResetPasswordView(PersonBase):
    """A person's way to a new password."""

    access = "user:admin"

    @endpoint(step_up=True, reply=LinkReply, status=202, errors=(*PROTECTED, NotYourself, Deactivated))
    def post(self, request: Request, person_id: UUID) -> HttpResponse:
        """Mail a person a link for choosing a new password. A former link dies."""
        link = links.password_link_make(actor=self.actor, user=self.person(person_id))
        return json({"expires_at": link.expires_at}, status=202)


class PersonTemporaryPasswordView(PersonBase):
    """A password for somebody whose mail is away."""

    access = "user:admin"

    @endpoint(
        step_up=True,
        reply=TemporaryPasswordReply,
        status=201,
        errors=(*PROTECTED, NotYourself, NotAPerson, Erased),
        limit=limits.SENSITIVE,
    )
    def post(self, request: Request, person_id: UUID) -> HttpResponse:
        """Give a person a temporary password, which it changes at its next sign-in. Its sessions end.

        The password is in this reply, and in the reply to the same call sent again with its Idempotency-Key.
        """
        password = password_issue(actor=self.actor, user=self.person(person_id))
        reply = json({"temporary_password": password}, status=201)
        reply.headers["Cache-Control"] = "no-store"
        return reply


class PersonUnlockView(PersonBase):
    """The lock after failed sign-ins."""

    access = "user:admin"

    @endpoint(reply=UnlockedReply, errors=PROTECTED)
    def post(self, request: Request, person_id: UUID) -> HttpResponse:
        """Let a person try to sign in again at once."""
        return json({"unlocked": users.user_unlock(actor=self.actor, user=self.person(person_id))})


class PersonRolesView(PersonBase):
    """The roles of a person on the installation."""

    access = "role:admin"

    @endpoint(body=RoleGivenBody, reply=PersonWithRolesReply, step_up=True, errors=GIVEN)
    def post(self, request: Request, person_id: UUID) -> HttpResponse:
        """Give a person a role. Does nothing when it holds it already. In production that of developers ends by itself."""
        user, role = self.person(person_id), _role(self.sent["role"])
        if is_bounded(role):
            developer_role_give(actor=self.actor, user=user, reason=self.sent["reason"])
        else:
            role_give(actor=self.actor, user=user, role=role, reason=self.sent["reason"])
        return self.told(user)


class PersonRoleView(PersonBase):
    """One role of a person."""

    access = "role:admin"

    @endpoint(status=204, step_up=True, errors=(*PROTECTED, LastAdministrator))
    def delete(self, request: Request, person_id: UUID, role: str) -> HttpResponse:
        """Take a role from a person; its next request knows."""
        known = _known(role)
        if known is None:
            raise errors.NotFound
        role_take(actor=self.actor, user=self.person(person_id), role=known)
        return HttpResponse(status=204)
