"""What the trail needs of a restored database."""

from typing import Any

import psycopg
from django.utils.translation import gettext_lazy as _

from portal.kit import clock, ids
from portal.kit.registry import Aftercare, Proof, aftercare, proofs

_EVENT = """
INSERT INTO audit_event (id, occurred_at, code, category, severity, outcome, actor_kind)
VALUES (%s, %s, 'maintenance.drill.passed', 'system', 'info', 'ok', 'system')
"""
_KEYS = "subject_id, key_id, sealed, created_at, destroyed_at"
_CARRY = f"""
INSERT INTO audit_personal_key ({_KEYS}) SELECT {_KEYS} FROM carried_key
ON CONFLICT (subject_id) DO UPDATE
    SET key_id = excluded.key_id, sealed = NULL, destroyed_at = coalesce(excluded.destroyed_at, now())
    WHERE excluded.sealed IS NULL AND audit_personal_key.sealed IS NOT NULL
"""  # noqa: S608 - names of columns


def _keys_carry(restored: Any, live: Any) -> int:
    """Keys made since the backup, under which processes seal for another minute; destroyed ones are destroyed again."""
    if live is None:
        return 0
    restored.execute("DROP TABLE IF EXISTS carried_key")
    restored.execute("CREATE TEMP TABLE carried_key (LIKE audit_personal_key) ON COMMIT DROP")
    with (
        live.cursor().copy(f"COPY audit_personal_key ({_KEYS}) TO STDOUT") as source,
        restored.cursor().copy(f"COPY carried_key ({_KEYS}) FROM STDIN") as into,
    ):
        for piece in source:
            into.write(piece)
    return int(restored.execute(_CARRY).rowcount)


def _append_only(app: Any) -> str:
    event = ids.uuid7()
    app.execute(_EVENT, [event, clock.now()])
    for statement in ("UPDATE audit_event SET code = 'x' WHERE id = %s", "DELETE FROM audit_event WHERE id = %s"):
        try:
            with app.transaction():
                app.execute(statement, [event])
        except psycopg.errors.InsufficientPrivilege:
            continue
        raise AssertionError("The trail could be changed after the fact: its triggers or grants are missing.")
    row = app.execute(
        "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D' "
        "AND tgrelid = 'audit_event'::regclass AND tgfoid = 'audit_refuse'::regproc"
    ).fetchone()
    assert row is not None and row[0] >= 2, "The triggers that keep the trail append-only are missing."  # noqa: S101, PT018
    return f"{row[0]} triggers"


proofs.add(Proof("audit.append_only", _("The trail takes events and refuses to change them"), _append_only))
aftercare.add(Aftercare("audit.keys", _("What is sealed in the trail around the swap can be read"), _keys_carry))
