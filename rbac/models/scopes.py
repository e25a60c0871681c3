"""The tree that bindings stand on: installation > organisation > workspace > resources of host products."""

from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Evidence, Model, TenantModel, no_evidence

INSTALLATION = UUID(int=0)  # The root of the tree of scopes, and the key of its stamp.


class Application(Model):
    """A host product: the SaaS beside which Steward runs, with its own types of resources, codes and roles."""

    evidence = EVENT

    code = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    navigation = models.JSONField(
        default=dict, help_text="By role: the entries of the product's own navigation, or `all`."
    )
    is_registered = models.BooleanField(
        default=False, db_default=False, help_text="It told of itself over the API; files leave it as it is."
    )
    created_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_application"

    def __str__(self) -> str:
        return self.label


class ResourceType(Model):
    """A kind of resource of a host product, such as `product/project`; its codes are `<application>/<code>:<action>`."""

    evidence = EVENT

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="types")
    code = models.SlugField(max_length=40)
    label = models.CharField(max_length=80)
    label_plural = models.CharField(max_length=80)
    icon = models.CharField(max_length=40, db_default="cube", default="cube")
    in_navigation = models.BooleanField(default=False, db_default=False)
    navigation = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text="Codes of the product's roles in whose navigation it stands; none: in everybody's or nobody's.",
    )
    is_registered = models.BooleanField(
        default=False, db_default=False, help_text="Its product told of it over the API; files leave it as it is."
    )
    module = models.ForeignKey(
        "rbac.Module", null=True, on_delete=models.SET_NULL, related_name="types", help_text="The part it belongs to."
    )
    position = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_resource_type"
        constraints = [models.UniqueConstraint(fields=["application", "code"], name="rbac_resource_type_code")]

    def __str__(self) -> str:
        return self.label


class Scope(Model):
    """A node that bindings stand on. Its id is that of what it stands for; `rbac_scope_path` is kept by a trigger.

    The database refuses a node below the wrong kind, below another organisation's, a cycle, and one deeper than 12.
    """

    evidence = no_evidence("Made with the object it stands for, whose event tells of it.")

    class Kind(models.TextChoices):
        """What the node stands for."""

        INSTALLATION = "installation", "installation"
        ORGANISATION = "organisation", "organisation"
        WORKSPACE = "workspace", "workspace"
        RESOURCE = "resource", "resource"

    kind = models.CharField(max_length=20, choices=Kind)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    organisation_id = models.UUIDField(
        null=True, help_text="The organisation that it is or is part of; none for the installation."
    )

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "rbac_scope"
        constraints = [
            models.CheckConstraint(
                name="rbac_scope_root",
                condition=models.Q(kind="installation", parent=None, organisation_id=None)
                | ~models.Q(kind="installation") & ~models.Q(parent=None) & ~models.Q(organisation_id=None),
            ),
            models.CheckConstraint(
                name="rbac_scope_organisation",
                condition=~models.Q(kind="organisation") | models.Q(organisation_id=models.F("id")),
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(kind="installation"), name="rbac_scope_one_root"
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class ScopePath(models.Model):
    """One pair of a node and a node above it in its organisation (itself included). Written by the database alone."""

    evidence: ClassVar[Evidence] = no_evidence("Follows from the tree; a trigger keeps it.")

    pk = models.CompositePrimaryKey("ancestor_id", "descendant_id")
    ancestor = models.ForeignKey(Scope, on_delete=models.DO_NOTHING, related_name="+")
    descendant = models.ForeignKey(Scope, on_delete=models.DO_NOTHING, related_name="+")
    depth = models.PositiveSmallIntegerField(help_text="Steps between the two; 0 for a node and itself.")

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "rbac_scope_path"

    def __str__(self) -> str:
        return f"{self.ancestor_id} above {self.descendant_id}"


class Workspace(TenantModel):
    """A part of an organisation with roles of its own. Its scope has the same id."""

    evidence = EVENT

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=40)
    description = models.CharField(max_length=300, blank=True)
    external_id = models.CharField(max_length=200, blank=True, db_default="", default="")
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_workspace"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "slug"], name="rbac_workspace_slug"),
            models.UniqueConstraint(
                fields=["organisation", "external_id"],
                condition=~models.Q(external_id=""),
                name="rbac_workspace_external",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "name", "id"], name="rbac_workspace_named"),
            models.Index(fields=["organisation", "created_at", "id"], name="rbac_workspace_made"),
        ]

    def __str__(self) -> str:
        return self.name


class Resource(TenantModel):
    """One thing of a host product, as the product told of it. Its scope has the same id; where it stands in the tree
    says the scope."""

    evidence = EVENT

    type = models.ForeignKey(ResourceType, on_delete=models.PROTECT, related_name="resources")
    external_id = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    attributes = models.JSONField(default=dict, help_text="What conditions can ask for; nothing secret.")
    is_public = models.BooleanField(
        default=False, db_default=False, help_text="Every member of the organisation may read it."
    )
    created_at = models.DateTimeField(default=clock.now, db_default=Now())
    updated_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_resource"
        constraints = [
            models.UniqueConstraint(fields=["type", "external_id", "organisation"], name="rbac_resource_external"),
        ]
        indexes = [
            models.Index(fields=["organisation", "type", "id"], name="rbac_resource_of_type"),
            models.Index(fields=["organisation"], condition=models.Q(is_public=True), name="rbac_resource_public"),
            models.Index(fields=["organisation", "name", "id"], name="rbac_resource_named"),
            models.Index(fields=["organisation", "type", "name", "id"], name="rbac_resource_type_named"),
            models.Index(fields=["organisation", "updated_at", "id"], name="rbac_resource_updated"),
            models.Index(fields=["organisation", "type", "updated_at", "id"], name="rbac_resource_type_updated"),
            # Who uses a module is read from this index alone, whatever the number of organisations.
            models.Index(fields=["type", "updated_at"], include=["organisation"], name="rbac_resource_used"),
        ]

    def __str__(self) -> str:
        return self.name
