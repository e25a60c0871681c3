"""The one backend that answers `user.has_perm`; nobody signs in through it."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.db import models

from portal.kit import registry
from portal.kit.context import Actor
from rbac import decision
from rbac.errors import CodeUnknown


class DecisionBackend(BaseBackend):
    """Django's question, our answer. Codes that no room declares (Django's own `app.verb_model`) are refused."""

    def has_perm(self, user_obj: Any, perm: str, obj: models.Model | None = None) -> bool:
        """Whether the decision allows `perm` to this user (on `obj`); codes of host products included."""
        if user_obj.pk is None or (perm not in registry.permissions and "/" not in perm):
            return False
        try:
            return decision.can(Actor("person", user_obj.pk, str(user_obj)), perm, obj).allowed
        except CodeUnknown:
            return False
