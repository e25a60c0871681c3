"""What people set for themselves."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.guards import person_id
from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.record import diff, record
from portal.kit.services import writing

CHOICES: dict[str, tuple[str, ...]] = {"theme": ("system", "light", "dark")}


def preference_set(*, actor: Actor, values: dict[str, Any]) -> User:
    """Change one's own preferences. Event `accounts.user.updated` with the diff; nothing when all is as it was.

    `Invalid` names unknown preferences and values.
    """
    wrong = {
        name: [_("Choose one of the offered values.")]
        for name, value in values.items()
        if value not in CHOICES.get(name, ())
    }
    if wrong:
        raise errors.Invalid(fields=wrong)
    with writing():
        user = User.objects.select_for_update().get(pk=person_id(actor))
        changes = diff(user, values)
        if changes:
            for name, (_before, after) in changes.items():
                setattr(user, name, after)
            user.save(update_fields=list(changes))
            record("accounts.user.updated", target=user, changes=changes)
    return user
