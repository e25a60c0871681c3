"""`python -m tests.rbac.revoke_racer <number> <racers> <rounds> <board> <world>`: one process of the revoke races.

Each racer gives and takes a right of a person of its own, in another way each time, and asks about the people of all
racers in between. The board is memory that all of them share: how a racer's person stands, 0 while the right is held or
may be, else the number of the round whose revoke is committed. A check that began after that and ended before the next
gift must refuse; one that does not is stale. What was counted goes to standard output as JSON.
"""

import json
import mmap
import struct
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import django

django.setup()

from django.db import connection  # noqa: E402 - settings come first

from portal.kit import context  # noqa: E402
from portal.kit.context import Actor, Context  # noqa: E402
from portal.kit.decision import can  # noqa: E402
from portal.kit.services import writing  # noqa: E402
from portal.kit.tenancy import behind_the_wall  # noqa: E402
from rbac.models import Resource  # noqa: E402

READ = "product/project:read"
_slot = struct.Struct("!q")
# By what is taken: the statement that gives it and the one that takes it, with the names of the world.
WAYS: dict[str, tuple[str, str]] = {
    "binding": (
        "INSERT INTO rbac_binding (id, scope_id, role_id, user_id, effect, everyone, reason, created_at)"
        " VALUES (gen_random_uuid(), %(organisation)s, %(role)s, %(person)s, 'allow', false, '', now())",
        "DELETE FROM rbac_binding WHERE user_id = %(person)s AND role_id = %(role)s AND scope_id = %(organisation)s",
    ),
    "team": (
        "INSERT INTO rbac_team_member (id, organisation_id, team_id, user_id, added_at)"
        " VALUES (gen_random_uuid(), %(organisation)s, %(team)s, %(person)s, now())",
        "DELETE FROM rbac_team_member WHERE user_id = %(person)s AND team_id = %(team)s",
    ),
    "grant": (
        "INSERT INTO rbac_user_grant (id, user_id, permission_id, content_type_id, object_pk, organisation_id, reason, created_at)"
        " VALUES (gen_random_uuid(), %(person)s, %(right)s, %(kind)s, %(object)s, %(organisation)s, '', now())",
        "DELETE FROM rbac_user_grant WHERE user_id = %(person)s",
    ),
    "denial": (
        "DELETE FROM rbac_binding WHERE user_id = %(person)s AND effect = 'deny'",
        "INSERT INTO rbac_binding (id, scope_id, role_id, user_id, effect, everyone, reason, created_at)"
        " VALUES (gen_random_uuid(), %(object)s, %(role)s, %(person)s, 'deny', false, '', now())",
    ),
    "role": (
        "INSERT INTO rbac_role_permission (role_id, permission_id, effect) VALUES (%(own_role)s, %(number)s, 'allow')",
        "DELETE FROM rbac_role_permission WHERE role_id = %(own_role)s",
    ),
}


class Racer:
    """One of them."""

    def __init__(self, number: int, racers: int, board: mmap.mmap, world: dict[str, Any]) -> None:
        self.number, self.racers, self.board, self.world = number, racers, board, world
        organisation = UUID(world["organisation"])
        self.actors = [Actor("person", UUID(one["person"]), "Racer", organisation) for one in world["people"]]
        self.mine = {**world, **world["people"][number]}
        self.stale = self.asked = self.wrongly_refused = 0
        with context.system("a race"), behind_the_wall():
            self.resource = Resource.objects.get(pk=UUID(world["object"]))

    def state(self, number: int) -> int:
        """How the person of a racer stands."""
        found: int = _slot.unpack_from(self.board, number * _slot.size)[0]
        return found

    def say(self, value: int) -> None:
        """Tell the others how the own person stands."""
        _slot.pack_into(self.board, self.number * _slot.size, value)

    def allowed(self, number: int) -> bool:
        """Ask about a person, as a request does: its stamps are read anew."""
        with context.use(Context(actor=self.actors[number])):
            return can(self.actors[number], READ, self.resource).allowed

    def write(self, statement: str) -> None:
        """One change, committed; the triggers raise the stamps."""
        with context.system("a race"), writing(), connection.cursor() as cursor:
            cursor.execute(statement, self.mine)

    def race(self, round_number: int, way: str) -> None:
        """Give, see that it is given, take, and ask about everybody."""
        give, take = WAYS[way]
        if way == "denial":
            self.write(WAYS["binding"][0])
        self.write(give)
        self.wrongly_refused += not self.allowed(self.number)
        self.write(take)
        self.say(round_number)
        self.stale += self.allowed(self.number)
        for other in range(self.racers):
            before = self.state(other)
            answer = self.allowed(other)
            if before and self.state(other) == before:
                self.asked += 1
                self.stale += answer
        self.say(0)
        if way == "denial":
            self.write(WAYS["binding"][1])
            self.write(give)


def main(number: int, racers: int, rounds: int, board_path: str, world_path: str) -> None:
    """Race, and tell what was counted."""
    with Path(board_path).open("r+b") as file, mmap.mmap(file.fileno(), 0) as board:
        racer = Racer(number, racers, board, json.loads(Path(world_path).read_text("utf-8")))
        ways: list[str] = list(WAYS)
        for round_number in range(1, rounds + 1):
            racer.race(round_number, ways[round_number % len(ways)])
        told = {
            "races": rounds,
            "asked": racer.asked,
            "stale": racer.stale,
            "wrongly_refused": racer.wrongly_refused,
        }
        sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:4]), *sys.argv[4:6])  # type: ignore[arg-type]
