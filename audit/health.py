"""Health of the record: the trail has a partition to go on in, and nothing fell beside the months."""

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import clock
from portal.kit.health import AwayError
from portal.kit.registry import HealthCheck, health


def partitions() -> str:
    """Raise `AwayError` unless next month's partition stands and `audit_event_other` is empty."""
    now = clock.now()
    following = f"{now.year + now.month // 12}_{now.month % 12 + 1:02}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL, audit_has_strays()", [f"audit_event_{following}"])
        stands, stray = cursor.fetchone()
    if stray:
        raise AwayError(
            _("Events lie outside every month (audit_event_other); they are kept. Check the clock of this machine.")
        )
    if not stands:
        raise AwayError(_("Next month has no partition yet: run the job audit.ensure_partitions."))
    return _("ready for next month")


health.add(HealthCheck("audit_partitions", gettext_lazy("Audit trail"), partitions))
