"""Roles and who holds them in the Django admin: to read; they are changed on pages of their own."""

from django.contrib import admin

from portal.kit.admin import ServiceAdmin
from rbac.models import Binding, Role


@admin.register(Role)
class RoleAdmin(ServiceAdmin):
    """Ready-made roles with their ranks."""

    access = "role:admin"
    fields = ("id", "catalogue", "code", "label", "rank", "inherits")
    list_display = ("label", "catalogue", "code", "rank", "inherits")
    list_filter = ("catalogue",)
    list_select_related = ("inherits",)
    search_fields = ("id", "label", "code")


@admin.register(Binding)
class BindingAdmin(ServiceAdmin):
    """Who holds which role, on what, why and until when."""

    access = "role:admin"
    fields = ("id", "user", "role", "scope", "expires_at", "reason", "granted_by", "created_at")
    list_display = ("user", "role", "scope", "expires_at", "created_at")
    list_select_related = ("user", "role", "scope")
    search_fields = ("id", "user_id", "role_id", "scope_id")
