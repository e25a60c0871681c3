"""Importing people: uploaded and checked, confirmed, and put in by a job as one step, all or none."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.utils.translation import ngettext

from accounts import people_csv, rules
from accounts.errors import ImportGone
from accounts.models import PeopleImport, User
from accounts.people_csv import Accepted, Refused
from accounts.services.guards import person_id
from accounts.services.users import users_create_bulk
from portal.kit import clock, errors, jobs
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing

JOB = "accounts.import_people"
CHUNK = 5000  # People held in memory at once; the transaction is one all the same.
KEEP = timedelta(hours=48)  # policy.md: abandoned uploads.


def import_upload(*, actor: Actor, filename: str, lines: Iterable[bytes]) -> PeopleImport:
    """Check an uploaded file and keep what it holds until it is confirmed. Nobody is created.

    `lines` are the physical lines of the file. `ImportUnreadable` (nothing is kept) when it is no CSV of people.
    """
    authorise(actor, "user:admin")
    parsed = people_csv.parse(lines)
    accepted, refused = _without_taken(parsed.accepted)
    # One list for both: what is wrong with the header comes first, then the rows in the order of the file.
    found = parsed.ignored + sorted(parsed.refused + refused, key=lambda row: row[0])
    with writing():
        return PeopleImport.objects.create(
            uploaded_by_id=person_id(actor),
            filename=rules.INVISIBLE.sub("", filename)[:200],
            accepted=accepted,
            refused=found,
        )


def import_confirm(*, actor: Actor, import_id: UUID) -> UUID:
    """Queue the job that puts the accepted rows in; returns its run. Confirming again answers with the same run.

    Event `accounts.import.confirmed`. `NotFound` for another person's import, `ImportGone` for one that is too old.
    """
    authorise(actor, "user:admin")
    with writing():
        # Locked, so that a double click makes one run.
        found = (
            PeopleImport.objects.select_for_update()
            .defer("refused")
            .filter(pk=import_id, uploaded_by_id=person_id(actor))
            .first()
        )
        if found is None:
            raise errors.NotFound
        if found.run_id is not None:
            return found.run_id
        if found.created_at < clock.now() - KEEP or not found.accepted:
            raise ImportGone
        found.state = PeopleImport.State.CONFIRMED
        found.run_id = jobs.enqueue(JOB, actor=actor, args={"import_id": str(found.pk)}, key=str(found.pk))
        found.save(update_fields=["state", "run_id"])
        record("accounts.import.confirmed", target=found, data={"rows": len(found.accepted)})
    return found.run_id


def import_apply(*, actor: Actor, import_id: UUID) -> int:
    """Create everybody of a confirmed import in one transaction; how many it created. Repeated, it adds nobody.

    One event `accounts.user.created` per person. `Conflict` when a row is no longer good: then nobody is created.
    """
    authorise(actor, "user:admin")
    with writing():
        found = PeopleImport.objects.select_for_update().defer("refused").filter(pk=import_id).first()
        if found is None or found.state == PeopleImport.State.PREVIEW:
            raise ImportGone
        if found.state == PeopleImport.State.DONE:
            # A worker died after its commit and before it could say so.
            return len(found.accepted)
        rows: list[Accepted] = [(line, name, username, email) for line, name, username, email in found.accepted]
        _still_good(rows)
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            users_create_bulk(actor=actor, rows=[(name, username, email) for _line, name, username, email in part])
        # In the transaction of the people themselves: done and there are the same thing.
        found.state = PeopleImport.State.DONE
        found.save(update_fields=["state"])
    return len(rows)


def _still_good(rows: list[Accepted]) -> None:
    broken = [line for line, *values in rows if any(map(rules.problem, rules.FIELDS, values))]
    _good, taken = _without_taken(rows)
    bad = sorted({*broken, *(line for line, *_rest in taken)})
    if bad:
        text = ngettext(
            "Line %(lines)s cannot go in any more: somebody has its user name or address. "
            "Nobody was imported; upload the file again.",
            "%(count)d rows cannot go in any more, lines %(lines)s: somebody has their user names or addresses. "
            "Nobody was imported; upload the file again.",
            len(bad),
        )
        shown = ", ".join(map(str, bad[:10])) + (" …" if len(bad) > 10 else "")
        raise errors.Conflict(text % {"count": len(bad), "lines": shown})


def _without_taken(rows: list[Accepted]) -> tuple[list[Accepted], list[Refused]]:
    """Part the rows whose user name or address somebody has from the rest; two queries, whatever the number."""
    taken = {
        "username": _existing("username", [row[2] for row in rows]),
        "email": _existing("lower(email)", [row[3].lower() for row in rows]),
    }
    free: list[Accepted] = []
    refused: list[Refused] = []
    for row in rows:
        line, _name, username, email = row
        clashes = [("username", username)] if username in taken["username"] else []
        clashes += [("email", email)] if email.lower() in taken["email"] else []
        if clashes:
            refused += [(line, field, people_csv.shortened(value), "taken") for field, value in clashes]
        else:
            free.append(row)
    return free, refused


def _existing(column: str, values: list[str]) -> set[str]:
    table = connection.ops.quote_name(User._meta.db_table)
    # Addresses are unique, and indexed, among people: a service account has none.
    people = "" if column == "username" else " AND kind = 'person'"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE {column} = ANY(%s){people}", [values])  # noqa: S608 - constants
        return {row[0] for row in cursor.fetchall()}
