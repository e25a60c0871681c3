"""By which ids host products know the members of an organisation, over the API."""

from django.http import HttpResponse
from rest_framework.request import Request

from portal.kit import paging
from portal.kit.api import endpoint
from portal.kit.decision import authorise
from rbac import people_selectors as selectors
from rbac.api.authz_replies import ExternalPersonReply, external_person_body
from rbac.api.authz_serializers import ExternalPersonBody
from rbac.api.inside import InsideView
from rbac.errors import NotAMember, PersonKnownOtherwise
from rbac.services.external_people import external_person_delete, external_person_put


class ExternalPeopleView(InsideView):
    """Whom a product knows."""

    access = "organisation:read"

    @endpoint(items=ExternalPersonReply, service="member:read")
    def get(self, request: Request, application: str) -> HttpResponse:
        """List the ids by which a product knows members, the newest first."""
        self.here()
        authorise(self.actor, "member:read")
        rows = selectors.external_people(self.actor, selectors.application_named(application))
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed((external_person_body(row, application) for row in page.items), page.next)


class ExternalPersonView(InsideView):
    """One person, by the id of a product."""

    access = "organisation:read"

    @endpoint(reply=ExternalPersonReply, etag=True, service="member:read")
    def get(self, request: Request, application: str, external_id: str) -> HttpResponse:
        """Read whom an id means."""
        self.here()
        found = selectors.external_person(self.actor, selectors.application_named(application), external_id)
        return self.single(external_person_body(found, application))

    @endpoint(
        body=ExternalPersonBody,
        reply=ExternalPersonReply,
        etag=True,
        service="member:admin",
        errors=(NotAMember, PersonKnownOtherwise),
    )
    def put(self, request: Request, application: str, external_id: str) -> HttpResponse:
        """Say whom an id means (201 when it is new). Sent again, it changes nothing."""
        row, created = external_person_put(
            actor=self.actor,
            organisation_id=self.here(),
            application=selectors.application_named(application),
            external_id=external_id,
            person_id=self.sent["user_id"],
        )
        return self.single(external_person_body(row, application), status=201 if created else 200)

    @endpoint(status=204, service="member:admin")
    def delete(self, request: Request, application: str, external_id: str) -> HttpResponse:
        """Forget whom an id means."""
        self.here()
        found = selectors.external_person(self.actor, selectors.application_named(application), external_id)
        external_person_delete(actor=self.actor, row=found)
        return HttpResponse(status=204)
