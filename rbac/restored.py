"""What the stamps need of a restored database."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Aftercare, aftercare


def _stamps_raise(restored: Any, live: Any) -> int:
    """Processes remember decisions by the stamps they were read with; a stamp that came again would revive them."""
    known = live.execute("SELECT key, epoch FROM rbac_stamp").fetchall() if live is not None else []
    with restored.cursor() as cursor:
        cursor.execute("UPDATE rbac_stamp SET epoch = epoch + 1")
        raised = cursor.rowcount
        cursor.executemany(
            "INSERT INTO rbac_stamp (key, epoch) VALUES (%s, %s) "
            "ON CONFLICT (key) DO UPDATE SET epoch = greatest(rbac_stamp.epoch, excluded.epoch)",
            [(key, epoch + 1) for key, epoch in known],
        )
    return int(raised)


aftercare.add(Aftercare("rbac.stamps", _("No remembered decision outlives the swap"), _stamps_raise))
