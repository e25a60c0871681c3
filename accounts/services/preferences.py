"""What people set for themselves."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.guards import person_id
from portal.kit import errors, preferences
from portal.kit.context import Actor
from portal.kit.record import record
from portal.kit.services import writing


def preference_set(*, actor: Actor, values: dict[str, Any]) -> User:
    """Change one's own preferences. Event `accounts.user.updated` with the diff; nothing when all is as it was.

    `Invalid` names unknown preferences and values. Those that are not among `values` stay as they are.
    """
    wrong = {
        name: [
            _("Choose one of the offered values.") if name in preferences.NAMES else _("There is no such preference.")
        ]
        for name, value in values.items()
        if not preferences.is_offered(name, value)
    }
    if wrong:
        raise errors.Invalid(fields=wrong)
    with writing():
        user = User.objects.select_for_update().get(pk=person_id(actor))
        before = preferences.of(user.preferences)
        changes = {
            name: (getattr(before, name), value) for name, value in values.items() if getattr(before, name) != value
        }
        # What is said is kept also where it is the default: a cookie of the browser would speak for what is not.
        kept = {name: value for name, value in user.preferences.items() if preferences.is_offered(name, value)} | values
        if kept != user.preferences:
            user.preferences = kept
            user.save(update_fields=["preferences"])
        if changes:
            record("accounts.user.updated", target=user, changes=changes)
    return user
