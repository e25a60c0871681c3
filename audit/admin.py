"""The trail in the Django admin: to read, without what only its own pages may decipher."""

from django.contrib import admin

from audit.models import Event
from portal.kit.admin import ServiceAdmin


@admin.register(Event)
class EventAdmin(ServiceAdmin):
    """Events as they are stored; names of persons are ciphertext there, and not shown."""

    access = "audit:read"
    fields = (
        *("id", "schema", "occurred_at", "code", "category", "severity", "outcome", "actor_kind", "actor_id"),
        *("behalf_id", "organisation_id", "target_type", "target_id", "changes", "data", "reason", "source"),
        *("request_id", "correlation_id", "session_id", "address"),
    )
    list_display = ("code", "outcome", "actor_kind", "target_type", "organisation_id", "occurred_at")
    list_filter = ("outcome",)
    search_fields = ("id", "code", "actor_id", "target_id", "organisation_id", "request_id")
