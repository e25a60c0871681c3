"""The Django admin as another face of the same house: our sign-in, our decision, our services, our templates.

A `ServiceAdmin` declares its `access` and the `fields` it shows, or the project does not start. It is read-only: what
it may change it names as services, and nothing else of the admin writes.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms as django_forms
from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.paginator import Paginator
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from portal.kit import access, edge, errors, forms, identity, registry, toasts
from portal.kit.context import Actor
from portal.kit.decision import can, visible_to

if TYPE_CHECKING:
    Base = admin.ModelAdmin[models.Model]
    BaseForm = django_forms.ModelForm[models.Model]
    BasePaginator = Paginator[Any]
else:
    Base, BaseForm, BasePaginator = admin.ModelAdmin, django_forms.ModelForm, Paginator

Create = Callable[..., models.Model]
Update = Callable[..., models.Model]
Delete = Callable[..., None]
Search = Callable[..., Sequence[Any]]
SEARCH_LIMIT = 200
COUNT_LIMIT = 1000  # Rows that a list counts and pages through; who looks for more than that has to search.


class BoundedPaginator(BasePaginator):
    """Pages that never count a large table: beyond `COUNT_LIMIT` rows it says so and goes no further."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, up to the limit; the database stops looking there."""
        rows: models.QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows[:COUNT_LIMIT].count()


class ServiceList(ChangeList):
    """A list in the one order that its class declares: any other could sort a whole table for one page."""

    def get_ordering(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> list[Any]:
        """The declared order, whatever `?o=` says."""
        return list(self.model_admin.get_ordering(request))


class ServiceForm(BaseForm):
    """Values for a service. It is asked as the last step of the validation, so that what it refuses stands beside the
    fields like any other mistake."""

    guarded = True
    serve: ClassVar[Callable[[Mapping[str, Any]], models.Model] | None] = None
    served: models.Model | None = None

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        serve = type(self).serve
        if self.errors or serve is None:
            return
        try:
            with transaction.atomic():
                self.served = serve({name: self.cleaned_data[name] for name in self.changed_data})
        except (errors.Invalid, errors.Conflict) as error:
            forms.refused(self, error)


class ServiceAdmin(Base):
    """Rows for platform staff. `create(actor=, values=)`, `update(actor=, row=, values=)` and `delete(actor=, row=)` are
    the services through which it writes, `editable` the fields they take; a missing one is a missing button.

    `search_fields` are found by their whole value; `list_filter` are the only fields that an address may filter by.
    """

    access: ClassVar[str]
    create: ClassVar[Create | None] = None
    update: ClassVar[Update | None] = None
    delete: ClassVar[Delete | None] = None
    editable: ClassVar[tuple[str, ...]] = ()
    search_with: ClassVar[Search | None] = None
    actions = None  # The stock bulk delete goes around every service.
    form = ServiceForm
    ordering = ("-pk",)
    sortable_by = ()
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    search_help_text = _("Whole values only: an id, an address, a name")
    formfield_overrides = {
        models.DateTimeField: {"form_class": django_forms.DateTimeField, "widget": forms.DateTimeInput},
        models.DateField: {"widget": forms.DateInput},
        models.BooleanField: {"widget": forms.Switch},
    }

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        access.check_declaration(cls)

    # ----- what is seen

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """The rows on which the person holds the code."""
        return visible_to(_actor(request), self.access, super().get_queryset(request))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """A list in one order."""
        return ServiceList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> models.Model | None:
        """One row; text that the database cannot even hold names none."""
        return None if "\x00" in object_id else super().get_object(request, object_id, from_field)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Rows of which one of `search_fields` is the whole of `search_term`: a condition that an index answers."""
        text = search_term.strip()[:SEARCH_LIMIT]
        if not text:
            return queryset, False
        if (search := type(self).search_with) is not None:
            return queryset.filter(pk__in=search(text)), False
        wanted = models.Q(pk__in=[])
        for name in self.get_search_fields(request):
            field: Any = self.opts.get_field(name)
            while field.remote_field is not None:
                field = field.target_field
            try:
                wanted |= models.Q(**{name: field.clean(text, None)})
            except ValidationError:
                continue  # Text that this field cannot hold finds nothing in it.
        return queryset.filter(wanted), False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only declared filters: any other would tell hidden columns apart, one guess at a time."""
        declared = {name for name in self.list_filter if isinstance(name, str)}
        return lookup.removesuffix("__exact").removesuffix("__isnull").removesuffix("__id") in declared

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What a row shows; a new one asks for what its service takes."""
        return self.editable if obj is None and self.create is not None else super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Everything but what the services take."""
        return [name for name in self.get_fields(request, obj) if name not in self.editable]

    # ----- who may

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

    # ----- what is written

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type[Any]:
        """The form whose last word is the service's."""
        form: type[Any] = super().get_form(request, obj, change, **kwargs)
        return type(
            form.__name__, (form,), {"serve": staticmethod(serve) if (serve := self._service(request, obj)) else None}
        )

    def _service(self, request: HttpRequest, obj: Any) -> Callable[[Mapping[str, Any]], models.Model] | None:
        if obj is None:
            create = type(self).create
            return create and (lambda values: create(actor=_actor(request), values=values))
        update = type(self).update
        # The service gets the row as it is, not as the form would like it.
        return update and (
            lambda values: update(actor=_actor(request), row=self.get_queryset(request).get(pk=obj.pk), values=values)
        )

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """The service has written already; the admin itself saves nothing."""
        if form.served is not None:
            obj.pk = form.served.pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: relations are the service's affair."""

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        """Hand the row to the service."""
        if (delete := type(self).delete) is not None:
            delete(actor=_actor(request), row=obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask, then hand over; what the service refuses is said on the row's own page."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except (errors.Invalid, errors.Conflict) as error:
            toasts.add(request, str(error.detail), "bad")
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", object_id)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Only the row itself: what else goes is for the service to decide, and to say."""
        return [str(obj) for obj in objs], {}, set(), []

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; text that no column can hold is refused before it gets to the database."""
        if any("\x00" in text for values in request.GET.lists() for text in (values[0], *values[1])):
            raise errors.BadRequest
        try:
            return super().changelist_view(request, extra_context)
        except (ValidationError, IncorrectLookupParameters) as error:
            raise errors.BadRequest from error

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The trail knows it; a second history would only disagree."""
        return redirect(f"/platform/audit?{urlencode({'target': unquote(object_id)})}")

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise errors.NotFound

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
    index_title = _("Advanced data")
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take only `ServiceAdmin`s; whatever else an application registers by itself stays out."""
        if admin_class is not None and issubclass(admin_class, ServiceAdmin):
            for model in model_or_iterable if isinstance(model_or_iterable, list | tuple) else [model_or_iterable]:
                check_shown(model, admin_class)
            super().register(model_or_iterable, admin_class, **options)

    def unregister(self, model_or_iterable: Any) -> None:
        """Applications that replace their own registration find nothing to replace."""
        try:
            super().unregister(model_or_iterable)
        except NotRegistered:
            return

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every view of the admin shows rows of all organisations, so it enters the platform once it let somebody in."""
        return super().admin_view(partial(_on_platform, self, view), cacheable)

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


def _on_platform(site: StewardAdminSite, view: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
    try:
        access.gate(request, site.access)
    except access.SecondFactorRequired:
        return redirect("/me/second-factor")
    return view(request, *args, **kwargs)


def check_shown(model: type[models.Model], admin_class: type[ServiceAdmin]) -> None:
    """Raise `ImproperlyConfigured` unless the class says what it shows, and nothing of it is secret or ciphertext."""
    label = f"{admin_class.__module__}.{admin_class.__qualname__}"
    if admin_class.inlines:
        raise ImproperlyConfigured(f"{label} has inlines: rows beside a row are written by nobody. Link to their list.")
    if not admin_class.fields:
        raise ImproperlyConfigured(f"{label} names no fields: say which ones a row shows.")
    for name in {*admin_class.fields, *admin_class.list_display, *admin_class.search_fields}:
        declared = f"{model._meta.label_lower}.{name}"
        secret = declared in registry.fields and registry.fields.get(declared).visibility == "secret"
        found = next((field for field in model._meta.concrete_fields if field.name == name), None)
        if secret or isinstance(found, models.BinaryField):
            raise ImproperlyConfigured(f"{label} shows {name}, which nobody may see. Take it out.")


def _actor(request: HttpRequest) -> Actor:
    return access.actor_of(request)
