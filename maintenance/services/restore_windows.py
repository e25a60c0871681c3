"""The time of maintenance around a restore in place: what people changed in it would go away with the replaced database.

It is of the live database alone: the restored one knows nothing of it, so the portal is open after the swap.
"""

from contextlib import suppress
from datetime import timedelta

from django.utils.translation import gettext as _

from maintenance.models import Restore
from portal.kit import clock, context
from portal.kit.mode import selectors, services
from portal.kit.models import MaintenanceWindow

LONGEST = timedelta(hours=6)  # It ends by itself when nobody is left who would end it.


def window_begin(*, restore: Restore) -> bool:
    """Refuse changes, but those of administrators, from now on; whether that is in force.

    Events `kit.maintenance.entered`. False while other maintenance is on, or a plan of one comes in between: that one
    is somebody's decision and stays.
    """
    why = _reason(restore)
    with context.system(why) as current:
        now = clock.now()
        others = selectors.open_windows(current.actor)
        if others and others[0].starts_at <= now:
            return others[0].reason == why
        ends_at = min([now + LONGEST, *(window.starts_at for window in others)])
        with suppress(services.MaintenanceOverlaps):
            services.window_create(
                actor=current.actor,
                kind=MaintenanceWindow.Kind.READ_ONLY,
                reason=why,
                message=_("A backup is being put in place. What you change now would be lost."),
                ends_at=ends_at,
            )
            return True
    return False


def window_end(*, restore: Restore) -> None:
    """Open again what `window_begin` closed, if it is not over yet. Event `kit.maintenance.left`."""
    why = _reason(restore)
    with context.system(why) as current:
        for window in selectors.open_windows(current.actor):
            if window.reason == why:
                with suppress(services.MaintenanceOver):
                    services.window_end(actor=current.actor, window=window)


def _reason(restore: Restore) -> str:
    return f"restore {restore.pk}"
