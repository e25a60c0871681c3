"""Modules of host products: parts of a product that an organisation has switched on or off."""

from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Now

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, Model, TenantModel
from rbac.models.scopes import Application


class Module(Model):
    """A part of a host product with the permissions and types of resources that belong to it.

    In an organisation where it is switched off nobody holds its permissions, whatever their roles say. Which permissions
    and types belong to it say those (`Permission.module`, `ResourceType.module`): each belongs to one module at most.
    """

    evidence = EVENT

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="modules")
    code = models.SlugField(max_length=40)
    label = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True)
    on_by_default = models.BooleanField(
        default=True, db_default=True, help_text="Whether an organisation that never switched it has it."
    )
    is_registered = models.BooleanField(
        default=False, db_default=False, help_text="Its product told of it over the API; files leave it as it is."
    )
    position = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_module"
        constraints = [models.UniqueConstraint(fields=["application", "code"], name="rbac_module_code")]

    def __str__(self) -> str:
        return self.label


class ModuleSwitch(TenantModel):
    """What an organisation chose for a module; without a row it is as the module says."""

    evidence = EVENT

    module = models.ForeignKey(Module, on_delete=models.CASCADE, related_name="switches")
    is_on = models.BooleanField()
    changed_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "rbac_module_switch"
        constraints = [models.UniqueConstraint(fields=["organisation", "module"], name="rbac_module_switch_once")]

    def __str__(self) -> str:
        return f"{self.module_id} {'on' if self.is_on else 'off'}"
