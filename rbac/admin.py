"""Roles in the Django admin: to read; they are changed as data."""

from django.contrib import admin

from portal.kit.admin import ServiceAdmin
from rbac.models import Role


@admin.register(Role)
class RoleAdmin(ServiceAdmin):
    """Ready-made roles with their ranks."""

    access = "role:admin"
    list_display = ("label", "catalogue", "code", "rank", "inherits")
    list_filter = ("catalogue",)
    search_fields = ("label", "code")
