"""What is proved of a restored database before it counts as restored.

Rows as the manifest counted them, every object of the archive's own list, every constraint validated, sequences ahead
of their columns, row-level security where the models say, and the proofs that the rooms declare.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _
from psycopg import Error, sql

from maintenance.backup.manifest import Manifest
from maintenance.errors import RestoreFailed
from maintenance.restore import logins
from maintenance.restore.logins import Connection
from maintenance.restore.steps import Check
from portal.kit import registry
from portal.kit.services import walled_tables

SHOWN = 5
_OBJECTS = {
    "TABLE": "SELECT count(*) FROM pg_class c WHERE relkind IN ('r', 'p') AND relpersistence <> 't' AND {ours}",
    "SEQUENCE": "SELECT count(*) FROM pg_class c WHERE relkind = 'S' AND {ours}",
    "FUNCTION": "SELECT count(*) FROM pg_proc c WHERE prokind IN ('f', 'w') AND {ours}",
    "TRIGGER": "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid "
    "WHERE NOT tgisinternal AND tgparentid = 0 AND {ours}",
    "FK CONSTRAINT": "SELECT count(*) FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid "
    "WHERE contype = 'f' AND conparentid = 0 AND {ours}",
    "POLICY": "SELECT count(*) FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE {ours}",
    "ROW SECURITY": "SELECT count(*) FROM pg_class c WHERE relrowsecurity AND {ours}",
}
_NAMESPACE = {"FUNCTION": "pronamespace"}
# What an extension made is not in a dump.
_OURS = """c.{space} IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"""
_UNVALIDATED = "SELECT conrelid::regclass || '.' || conname FROM pg_constraint WHERE NOT convalidated ORDER BY 1"
_DISABLED = "SELECT tgrelid::regclass || '.' || tgname FROM pg_trigger WHERE tgenabled = 'D' ORDER BY 1"
_INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1"
_COUNTED = "SELECT count(*) FROM pg_constraint WHERE contype IN ('f', 'c', 'p', 'u', 'x')"
_SECURED = "SELECT relname FROM pg_class WHERE relrowsecurity"
_SERIALS = """
SELECT s.oid::regclass::text, t.oid::regclass::text, a.attname
  FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  JOIN pg_class t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
 WHERE s.relkind = 'S' ORDER BY 1
"""


def of_the_copy(owner: Connection, manifest: Manifest, objects: Counter[str]) -> Iterator[Check]:
    """What must be as it was in the backed-up database; before any migration. `owner` sees every row."""
    yield _rows(owner, manifest)
    yield _objects(owner, objects)
    yield _constraints(owner)
    yield _sequences(owner)


def of_the_version(owner: Connection) -> Iterator[Check]:
    """What this version of Steward needs; after its migrations. The proofs of the rooms run as the portal."""
    yield _tables(owner)
    yield _walls(owner)
    for proof in registry.proofs:
        yield _proof(proof, owner.info.dbname)


def require(checks: list[Check]) -> None:
    """Raise `RestoreFailed` with every check that failed."""
    failed = [f"{check['name']}: {check['detail']}" for check in checks if not check["ok"]]
    if failed:
        raise RestoreFailed(
            _("The restored database is not sound. %(why)s The live database was not touched.")
            % {"why": " ".join(failed)}
        )


def _rows(owner: Connection, manifest: Manifest) -> Check:
    wrong, total = [], 0
    for label, expected in manifest.tables.items():
        table = sql.Identifier(*label.split(".", 1))
        try:
            with owner.transaction():
                found = _one(owner, sql.SQL("SELECT count(*) FROM ONLY {}").format(table))
        except Error:
            found = -1
        total += max(found, 0)
        if found != expected:
            wrong.append(
                _("%(table)s has %(found)s rows, the manifest says %(expected)s")
                % {"table": label, "found": found if found >= 0 else _("no"), "expected": expected}
            )
    fine = _("%(rows)s rows in %(tables)s tables") % {"rows": f"{total:,}", "tables": len(manifest.tables)}
    return _told(_("Rows are as the manifest counted them"), wrong, fine)


def _objects(owner: Connection, objects: Counter[str]) -> Check:
    wrong = []
    for kind, query in _OBJECTS.items():
        ours = _OURS.format(space=_NAMESPACE.get(kind, "relnamespace"))
        found = _one(owner, query.format(ours=ours))
        if found < objects[kind]:
            wrong.append(f"{kind.lower()}: {found} of {objects[kind]}")
    fine = ", ".join(f"{objects[kind]} {kind.lower()}" for kind in _OBJECTS if objects[kind])
    return _told(_("Everything that the archive lists is there"), wrong, fine)


def _constraints(owner: Connection) -> Check:
    wrong = [row[0] for query in (_UNVALIDATED, _DISABLED, _INVALID) for row in owner.execute(query).fetchall()]
    return _told(
        _("Every constraint is validated, every trigger on, every index valid"),
        wrong,
        _("%(n)d constraints") % {"n": _one(owner, _COUNTED)},
    )


def _sequences(owner: Connection) -> Check:
    wrong, rows = [], owner.execute(_SERIALS).fetchall()
    for sequence, table, column in rows:
        # Names come quoted out of the catalogue.
        query = f'SELECT coalesce(max("{column}"), 0) <= (SELECT last_value FROM {sequence}) FROM {table}'  # noqa: S608
        if not _row(owner, query)[0]:
            wrong.append(str(sequence))
    return _told(_("Sequences are ahead of their columns"), wrong, _("%(n)d sequences") % {"n": len(rows)})


def _tables(owner: Connection) -> Check:
    there = {row[0] for row in owner.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')").fetchall()}
    wanted = {model._meta.db_table for model in apps.get_models() if model._meta.managed and not model._meta.proxy}
    return _told(
        _("Every table that this version needs is there"),
        sorted(wanted - there),
        _("%(n)d tables") % {"n": len(wanted)},
    )


def _walls(owner: Connection) -> Check:
    wanted = walled_tables()
    secured = {row[0] for row in owner.execute(_SECURED).fetchall()}
    return _told(
        _("Row-level security stands where the models say"),
        sorted(wanted - secured),
        _("%(n)d tables behind the wall") % {"n": len(wanted)},
    )


def _proof(proof: registry.Proof, database: str) -> Check:
    try:
        with logins.as_portal(database) as portal:
            return {"name": str(proof.label), "ok": True, "detail": proof.probe(portal)}
    except AssertionError as error:
        return {"name": str(proof.label), "ok": False, "detail": str(error)}
    except Error as error:
        return {"name": str(proof.label), "ok": False, "detail": str(error).strip().splitlines()[0]}


def _told(name: str, wrong: list[str], fine: str) -> Check:
    if not wrong:
        return {"name": name, "ok": True, "detail": fine}
    more = _(" and %(n)d more") % {"n": len(wrong) - SHOWN} if len(wrong) > SHOWN else ""
    return {"name": name, "ok": False, "detail": "; ".join(wrong[:SHOWN]) + more + "."}


def _one(owner: Connection, query: Any) -> int:
    return int(_row(owner, query)[0])


def _row(owner: Connection, query: Any) -> tuple[Any, ...]:
    row = owner.execute(query).fetchone()
    return tuple(row) if row else (0,)
