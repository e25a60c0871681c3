"""Suppliers."""

from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Now

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models import EVENT, TenantModel


class Supplier(TenantModel):
    """Somebody whom an organisation buys from. Written by `supplier_create`; stays with the organisation."""

    evidence = EVENT

    name = models.CharField(max_length=80)
    country = models.CharField(max_length=2)
    created_at = models.DateTimeField(default=clock.now, db_default=Now())

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "suppliers_supplier"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="suppliers_supplier_once"),
            models.CheckConstraint(condition=models.Q(country__regex="^[A-Z]{2}$"), name="suppliers_supplier_country"),
        ]
        indexes = [models.Index(fields=["organisation", "name", "id"], name="suppliers_supplier_named")]

    def __str__(self) -> str:
        return self.name
