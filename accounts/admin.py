"""People, organisations and sessions in the Django admin: to read; they are changed on pages of their own."""

from django.contrib import admin

from accounts.models import Membership, Organisation, Session, User
from portal.kit.admin import ServiceAdmin
from portal.kit.identity import people_matching


@admin.register(User)
class UserAdmin(ServiceAdmin):
    """People with every column but the password."""

    access = "user:read"
    fields = (
        *("id", "name", "username", "email", "is_active", "is_root", "must_change_password", "password_changed_at"),
        *("last_seen_at", "created_at", "leaving_at", "erased_at"),
    )
    list_display = ("name", "username", "email", "is_active", "last_seen_at", "created_at")
    list_filter = ("is_active",)
    search_fields = ("id", "username", "email")
    search_with = staticmethod(people_matching)


@admin.register(Organisation)
class OrganisationAdmin(ServiceAdmin):
    """Organisations and their state."""

    access = "installation:admin"
    fields = ("id", "name", "slug", "state", "created_at")
    list_display = ("name", "slug", "state", "created_at")
    list_filter = ("state",)
    search_fields = ("id", "slug")


@admin.register(Membership)
class MembershipAdmin(ServiceAdmin):
    """Who belongs where."""

    access = "installation:admin"
    fields = ("id", "organisation", "user", "state", "joined_at")
    list_display = ("user", "organisation", "state", "joined_at")
    list_filter = ("state",)
    list_select_related = ("organisation", "user")
    search_fields = ("id", "organisation_id", "user_id")


@admin.register(Session)
class SessionAdmin(ServiceAdmin):
    """Signed-in browsers; never what their cookies hold."""

    access = "installation:admin"
    fields = ("id", "user", "created_at", "seen_at", "expires_at", "ends_at", "platform_at", "address", "agent")
    list_display = ("user", "address", "created_at", "seen_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("id", "user_id", "address")
