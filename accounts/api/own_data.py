"""One's own data over the API: what one agreed to, a copy of everything, and deleting one's account."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from rest_framework import serializers
from rest_framework.request import Request

from accounts import privacy_selectors as selectors
from accounts.errors import LeavingAlready, OwnExportGone, OwnExportUnderWay, RootProtected
from accounts.models import Consent, OwnExport, User
from accounts.services import own_data, privacy
from accounts.views.files import ARCHIVE, copy_file
from portal.kit import limits
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, Body, Reply, endpoint, json, row_body
from portal.kit.forms import confirm_word
from rbac.errors import LastAdministrator, LastOwner

OWN = SignedIn("One's own data.")
_COPY = ("id", "state", "size", "sha256", "created_at", "finished_at", "expires_at")
_MOMENT = "2026-01-31T08:30:00Z"
_ID = "01890000-0000-7000-8000-0000000000b7"


class ConsentReply(Reply):
    """A text that one agreed to, as it stood then."""

    kind = serializers.ChoiceField(choices=Consent.Kind.values)
    version = serializers.CharField(allow_blank=True)
    given_at = serializers.DateTimeField()


class LegalTextReply(Reply):
    """A text as it stands now, which one has not agreed to."""

    kind = serializers.ChoiceField(choices=Consent.Kind.values)
    version = serializers.CharField(allow_blank=True)
    url = serializers.CharField()


class ConsentsReply(Reply):
    """What the caller agreed to, the newest first, and what it is asked for."""

    given = ConsentReply(many=True)
    asked_for = LegalTextReply(many=True)
    example = {
        "given": [{"kind": "terms", "version": "2026-01", "given_at": _MOMENT}],
        "asked_for": [{"kind": "privacy", "version": "2026-02", "url": "https://example.com/privacy"}],
    }


class OwnCopyReply(Reply):
    """A copy of everything about oneself. Its file is there while it is ready, for seven days."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=OwnExport.State.values)
    size = serializers.IntegerField(help_text="Bytes of the archive; 0 until it is ready.")
    sha256 = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()
    example = {
        "id": _ID,
        "state": "ready",
        "size": 48213,
        "sha256": "9f2c41d0a7be55c0ffb1b6b3f7ad3ad0f0a2f1cbb1d6b7e5a1e0d9c8b7a69584",
        "created_at": _MOMENT,
        "finished_at": _MOMENT,
        "expires_at": "2026-02-07T08:30:00Z",
    }


class DeletionReply(Reply):
    """When the caller's account goes; null while nobody asked."""

    leaving_at = serializers.DateTimeField(allow_null=True)
    example = {"leaving_at": "2026-02-14T08:30:00Z"}


class DeletionBody(Body):
    """Asking for it."""

    confirm = serializers.CharField(max_length=150, help_text="One's own user name, typed again.")
    example = {"confirm": "ada.lindqvist"}


class ConsentsView(ApiView):
    """What one agreed to."""

    access = OWN

    @endpoint(reply=ConsentsReply)
    def get(self, request: Request) -> HttpResponse:
        """Read what one agreed to, and which texts one has not agreed to as they stand now."""
        return json(self._told())

    @endpoint(reply=ConsentsReply)
    def post(self, request: Request) -> HttpResponse:
        """Agree to all texts as they stand now. What one agreed to before is not noted twice."""
        privacy.consents_give_own(actor=self.actor)
        return json(self._told())

    def _told(self) -> Mapping[str, Any]:
        given = selectors.own_consents(self.actor)
        known = {(one.kind, one.version) for one in given}
        return {
            "given": [row_body(one, ("kind", "version", "given_at")) for one in given],
            "asked_for": [
                {"kind": one.kind, "version": one.version, "url": one.url}
                for one in privacy.legal_texts()
                if (one.kind, one.version) not in known
            ],
        }


class OwnCopyBase(ApiView, abstract=True):
    """What the endpoints of the copy share."""

    def latest(self) -> OwnExport:
        """The copy that was asked for last; `OwnExportGone`."""
        found = selectors.own_export_latest(self.actor)
        if found is None:
            raise OwnExportGone
        return found


class OwnCopyView(OwnCopyBase):
    """A copy of everything about oneself."""

    access = OWN

    @endpoint(reply=OwnCopyReply, errors=(OwnExportGone,))
    def get(self, request: Request) -> HttpResponse:
        """Read how far the copy is that one asked for last. 404 when there is none, or none any more."""
        return self._told(self.latest())

    @endpoint(reply=OwnCopyReply, status=202, step_up=True, limit=limits.SENSITIVE, errors=(OwnExportUnderWay,))
    def post(self, request: Request) -> HttpResponse:
        """Have a copy of everything about oneself written. A former one goes; a mail tells when it is ready."""
        return self._told(own_data.own_export_ask(actor=self.actor), status=202)

    def _told(self, found: OwnExport, *, status: int = 200) -> HttpResponse:
        return json(row_body(found, _COPY), status=status)


class OwnCopyFileView(OwnCopyBase):
    """The file of that copy."""

    access = OWN
    limit = limits.EXPORT

    @endpoint(file=ARCHIVE, step_up=True, errors=(OwnExportGone,))
    def get(self, request: Request) -> HttpResponseBase:
        """Download the copy as a ZIP archive of JSON files, with a page that tells what is what."""
        return copy_file(*own_data.own_export_open(actor=self.actor, export_id=self.latest().pk))


class DeletionView(ApiView):
    """Deleting one's own account."""

    access = SignedIn("Whoever asked to be deleted may think again.", while_leaving=True, before_second_factor=True)

    @endpoint(reply=DeletionReply)
    def get(self, request: Request) -> HttpResponse:
        """Read when one's own account goes, if it does."""
        return self._told(self.who.person)

    @endpoint(
        access=OWN,
        body=DeletionBody,
        reply=DeletionReply,
        status=202,
        step_up=True,
        limit=limits.SENSITIVE,
        errors=(LeavingAlready, RootProtected, LastAdministrator, LastOwner),
    )
    def post(self, request: Request) -> HttpResponse:
        """Ask for one's own account to be deleted. Every other session ends; until then only calling it off answers."""
        confirm_word(self.sent["confirm"], self.who.person.username, field="confirm")
        user = privacy.deletion_ask(actor=self.actor, session_id=self.who.session_id)
        return self._told(user, status=202)

    @endpoint(reply=DeletionReply)
    def delete(self, request: Request) -> HttpResponse:
        """Keep one's account after all. Does nothing when nobody asked."""
        return self._told(privacy.deletion_cancel(actor=self.actor))

    def _told(self, user: User, *, status: int = 200) -> HttpResponse:
        return json({"leaving_at": user.leaving_at}, status=status)
