"""What the outbound box and maintenance need of a restored database."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.registry import Aftercare, aftercare

_HELD = "Not sent: this mail waited when the backup was made, and was probably sent then."


def _mails_hold(restored: Any, live: Any) -> int:
    """What waited to be sent at the moment of the backup has been sent since; nobody gets it twice."""
    return int(
        restored.execute(
            "UPDATE kit_outbound_message SET state = 'failed', error = %s WHERE state = 'queued'", [_HELD]
        ).rowcount
    )


def _windows_end(restored: Any, live: Any) -> int:
    """Maintenance that was on at the moment of the backup, such as that of a restore: the portal comes back open."""
    return int(
        restored.execute(
            "UPDATE kit_maintenance_window SET ended_at = %(now)s WHERE ended_at IS NULL AND starts_at <= %(now)s "
            "AND (ends_at IS NULL OR ends_at > %(now)s)",
            {"now": clock.now()},
        ).rowcount
    )


aftercare.add(Aftercare("kit.mails", _("Mails of the backup's time are not sent again"), _mails_hold))
aftercare.add(Aftercare("kit.maintenance", _("Maintenance of the backup's time is over"), _windows_end))
