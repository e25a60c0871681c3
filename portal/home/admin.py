"""Tables of the common floor in the Django admin."""

from django.contrib import admin

from portal.home.models import Dashboard
from portal.kit.admin import ServiceAdmin
from portal.kit.models import Announcement, OutboundMessage
from portal.kit.notices import announcements


@admin.register(OutboundMessage)
class OutboundMessageAdmin(ServiceAdmin):
    """Mails and how far they got; their text is on the page of the outbox."""

    access = "installation:admin"
    fields = (
        "id",
        "person_id",
        "address",
        "category",
        "subject",
        "state",
        "attempts",
        "error",
        "created_at",
        "sent_at",
    )
    list_display = ("subject", "address", "category", "state", "attempts", "created_at")
    list_filter = ("state",)
    search_fields = ("id", "person_id", "address")


@admin.register(Announcement)
class AnnouncementAdmin(ServiceAdmin):
    """What everybody is told on the home page."""

    access = "installation:admin"
    create = staticmethod(announcements.announcement_create)
    update = staticmethod(announcements.announcement_update)
    delete = staticmethod(announcements.announcement_delete)
    editable = ("title", "text", "tone", "starts_at", "ends_at")
    fields = (*editable, "created_at")
    list_display = ("title", "tone", "starts_at", "ends_at", "created_at")
    list_filter = ("tone",)
    search_fields = ("id", "title")


@admin.register(Dashboard)
class DashboardAdmin(ServiceAdmin):
    """How people arrange their home pages; each changes its own there."""

    access = "installation:admin"
    fields = (
        "id",
        "name",
        "owner",
        "organisation",
        "sharing",
        "role_ids",
        "layout",
        "version",
        "created_at",
        "updated_at",
    )
    list_display = ("name", "owner", "organisation", "sharing", "version", "updated_at")
    list_filter = ("sharing",)
    list_select_related = ("owner", "organisation")
    search_fields = ("id", "name")
