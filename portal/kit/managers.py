"""Where every read starts: `Model.objects.visible_to(actor)`."""

from typing import Self, TypeVar

from django.db import models

from portal.kit import decision
from portal.kit.context import Actor

M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M, M]):
    """A queryset that knows who looks."""

    def visible_to(self, actor: Actor, code: str) -> Self:
        """The rows on which `actor` holds `code`; none at all when it holds it nowhere."""
        return decision.visible_to(actor, code, self)  # type: ignore[return-value]


class ScopedManager(models.Manager[M]):
    """Manager of models that people see. Declare `objects: ClassVar[ScopedManager[Self]] = ScopedManager()`."""

    def get_queryset(self) -> ScopedQuerySet[M]:
        """All rows; only services may start here."""
        return ScopedQuerySet(self.model, using=self._db)

    def visible_to(self, actor: Actor, code: str) -> ScopedQuerySet[M]:
        """The rows on which `actor` holds `code`."""
        return self.get_queryset().visible_to(actor, code)
