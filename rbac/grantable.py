"""On whose single objects which right can be granted."""

from collections.abc import Mapping

from django.apps import apps
from django.db.models import Model

from rbac.models import Resource

# By the noun of a code, what it can be granted on, one object at a time (RBA-04). Whatever belongs to a host product is
# a resource. A room above is named, not imported; where it is not installed, its codes are not granted.
GRANTABLE: Mapping[str, str] = {
    "organisation": "accounts.Organisation",
    "workspace": "rbac.Workspace",
    "resource": "rbac.Resource",
    "job": "maintenance.JobRun",
    "backup": "maintenance.Backup",
}


def grantable_model(*, code: str) -> type[Model] | None:
    """The model on whose objects `code` can be granted alone; None for codes that are held by roles only."""
    if "/" in code:
        return Resource
    name = GRANTABLE.get(code.partition(":")[0])
    return apps.get_model(name) if name is not None and apps.is_installed(name.partition(".")[0]) else None
