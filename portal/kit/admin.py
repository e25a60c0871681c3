"""The Django admin as another face of the same house: our sign-in, our decision, our services.

A `ServiceAdmin` declares its `access`, or the project does not start. It is read-only: what it may change it names as
services, and nothing else of the admin writes.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.db import models
from django.http import HttpRequest, HttpResponse

from portal.kit import access, edge, identity
from portal.kit.context import Actor
from portal.kit.decision import can, visible_to

if TYPE_CHECKING:
    Base = admin.ModelAdmin[models.Model]
else:
    Base = admin.ModelAdmin

Create = Callable[..., models.Model]
Update = Callable[..., models.Model]
Delete = Callable[..., None]


class ServiceAdmin(Base):
    """Rows for platform staff. `create(actor=, values=)`, `update(actor=, row=, values=)` and `delete(actor=, row=)` are
    the services through which it writes; a missing one is a missing button."""

    access: ClassVar[str]
    create: ClassVar[Create | None] = None
    update: ClassVar[Update | None] = None
    delete: ClassVar[Delete | None] = None
    actions = None  # The stock bulk delete goes around every service.

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        access.check_declaration(cls)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """The rows on which the person holds the code."""
        return visible_to(_actor(request), self.access, super().get_queryset(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Listed for whom may look."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """The declared code, asked of the one decision."""
        return bool(can(_actor(request), self.access, obj))

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Only with a service that creates."""
        return type(self).create is not None and self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Only with a service that updates."""
        return type(self).update is not None and self.has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Only with a service that deletes."""
        return type(self).delete is not None and self.has_view_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Hand the changed values to the service; the admin itself saves nothing."""
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        if change and (update := type(self).update) is not None:
            update(actor=_actor(request), row=self.get_queryset(request).get(pk=obj.pk), values=values)
        elif not change and (create := type(self).create) is not None:
            obj.pk = create(actor=_actor(request), values=values).pk

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        """Hand the row to the service."""
        if (delete := type(self).delete) is not None:
            delete(actor=_actor(request), row=obj)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit trail records it; a second log would only disagree."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """As above."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """As above."""


class StewardAdminSite(admin.AdminSite):
    """The admin behind the one sign-in. Third-party classes are refused: what staff need of them is a page of ours."""

    access = "installation:admin"
    site_header = site_title = "Steward"
    index_title = "Advanced data"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take only `ServiceAdmin`s; whatever else an application registers by itself stays out."""
        if admin_class is not None and issubclass(admin_class, ServiceAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def unregister(self, model_or_iterable: Any) -> None:
        """Applications that replace their own registration find nothing to replace."""
        try:
            super().unregister(model_or_iterable)
        except NotRegistered:
            return

    def has_permission(self, request: HttpRequest) -> bool:
        """Who runs the installation, with nothing else due first."""
        who = identity.of(request)
        if who is None or not who.active or who.must_change_password:
            return False
        return bool(can(who.actor, self.access))

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """No second door: the one sign-in, or a refusal for whom is signed in without the right."""
        access.gate(request, self.access)
        return edge.to_sign_in(request)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        """Signing out is the portal's affair."""
        return edge.to_sign_in(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Without the admin's own links to password and log-out pages, which are not ours."""
        return {**super().each_context(request), "has_permission": False}


def _actor(request: HttpRequest) -> Actor:
    return access.actor_of(request)
