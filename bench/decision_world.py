"""An organisation of a hundred thousand people and a million objects, made by SQL alone.

Triggers and foreign keys sleep while it is filled (`session_replication_role`): what they would keep is written as they
would have written it, and no test looks at these rows. The shape of one world, whatever its size:

- workspaces hold folders, and folders hold all other objects, in turn, so that those of a folder lie far apart;
- each person has the role `crew` in the organisation, which shows no object, and reads two folders by roles of its own;
- each team stands in one of ten divisions and reads two folders; each person is in three teams;
- each person has ten single rights, the heavy one `HEAVY` of them; the overseer reads the whole organisation.
"""

import os
from dataclasses import dataclass
from typing import Any, LiteralString
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections

from accounts.models import Organisation, User
from bench.world import World
from portal.kit import context
from portal.kit.context import Actor
from portal.kit.services import writing
from rbac import decision
from rbac import services as rbac
from rbac.models import Permission, ResourceType, Role
from rbac.services import RoleDraft
from tests.factories import person

READ = "resource:read"
WORKSPACES, DIVISIONS, TEAMS_OF_ONE, GRANTS_OF_ONE = 100, 10, 3, 10
CREWS = 10_000  # The people who hold the role that is edited.

Sizes = dict[str, int]


@dataclass(frozen=True)
class Place:
    """A filled database: its name, its organisation, and the people who are asked about."""

    name: str
    organisation: UUID
    normal: UUID
    heavy: UUID
    overseer: UUID
    edited: UUID  # The own role that `CREWS` people hold,
    rare: UUID  # and the one that ten hold.
    objects: int

    def actor(self, person_id: UUID) -> Actor:
        """A person, standing in the organisation."""
        return Actor("person", person_id, "Measured", self.organisation)


# Ids say what they are of and count up: kind 1 is a person, 2 a workspace, 3 an object, 4 a team.
_ID: LiteralString = (
    "('01939f2c-7c00-7000-8' || lpad(({kind})::text, 3, '0') || '-' || lpad(to_hex({n}), 12, '0'))::uuid"
)


def _id(kind: int, n: LiteralString) -> str:
    return _ID.format(kind=kind, n=n)


def _steps(sizes: Sizes) -> list[str]:
    """The statements; %(organisation)s and the others come from outside."""
    folders, objects, people, teams = sizes["folders"], sizes["objects"], sizes["people"], sizes["teams"]
    me, place, thing, team = (_id(kind, "n") for kind in (1, 2, 3, 4))
    folder = _id(3, f"1 + n %% {folders}")
    above = _id(2, f"1 + n %% {WORKSPACES}")
    above_folder = _id(2, f"1 + (1 + n %% {folders}) %% {WORKSPACES}")
    return [
        f"""INSERT INTO accounts_user (id, username, email, name, password, is_active, is_root, must_change_password, theme, created_at)
        SELECT {me}, 'person' || n, 'person' || n || '@example.com', 'Person ' || n, '', true, false, false, 'system', now()
        FROM generate_series(1, {people}) n""",
        f"""INSERT INTO accounts_membership (id, organisation_id, user_id, state, joined_at)
        SELECT gen_random_uuid(), %(organisation)s, {me}, 'active', now() FROM generate_series(1, {people}) n""",
        f"""INSERT INTO rbac_scope (id, kind, parent_id, organisation_id)
        SELECT {place}, 'workspace', %(organisation)s, %(organisation)s FROM generate_series(1, {WORKSPACES}) n""",
        f"""INSERT INTO rbac_workspace (id, organisation_id, name, slug, description, created_at)
        SELECT {place}, %(organisation)s, 'Workspace ' || n, 'w' || n, '', now() FROM generate_series(1, {WORKSPACES}) n""",
        f"""INSERT INTO rbac_scope (id, kind, parent_id, organisation_id)
        SELECT {thing}, 'resource', CASE WHEN n <= {folders} THEN {above} ELSE {folder} END, %(organisation)s
        FROM generate_series(1, {objects}) n""",
        f"""INSERT INTO rbac_resource (id, organisation_id, type_id, external_id, name, attributes, created_at, updated_at)
        SELECT {thing}, %(organisation)s, %(type)s, 'o' || n, substr(md5(n::text), 1, 12), '{{}}', now(), now()
        FROM generate_series(1, {objects}) n""",
        f"""INSERT INTO rbac_scope_path (ancestor_id, descendant_id, depth)
        SELECT {place}, {place}, 0 FROM generate_series(1, {WORKSPACES}) n
        UNION ALL SELECT %(organisation)s, {place}, 1 FROM generate_series(1, {WORKSPACES}) n
        UNION ALL SELECT {thing}, {thing}, 0 FROM generate_series(1, {objects}) n
        UNION ALL SELECT %(organisation)s, {thing}, CASE WHEN n <= {folders} THEN 2 ELSE 3 END
        FROM generate_series(1, {objects}) n
        UNION ALL SELECT {above}, {thing}, 1 FROM generate_series(1, {folders}) n
        UNION ALL SELECT {folder}, {thing}, 1 FROM generate_series({folders} + 1, {objects}) n
        UNION ALL SELECT {above_folder}, {thing}, 2 FROM generate_series({folders} + 1, {objects}) n""",
        f"""INSERT INTO auth_group (name) SELECT 'team ' || n FROM generate_series(1, {teams}) n""",
        f"""INSERT INTO rbac_team (id, organisation_id, name, slug, description, parent_id, group_id, created_at)
        SELECT {team}, %(organisation)s, 'Team ' || n, 't' || n, '',
            CASE WHEN n > {DIVISIONS} THEN {_id(4, f"1 + n %% {DIVISIONS}")} END, g.id, now()
        FROM generate_series(1, {teams}) n JOIN auth_group g ON g.name = 'team ' || n""",
        f"""INSERT INTO rbac_team_path (ancestor_id, descendant_id, depth)
        SELECT {team}, {team}, 0 FROM generate_series(1, {teams}) n
        UNION ALL SELECT {_id(4, f"1 + n %% {DIVISIONS}")}, {team}, 1 FROM generate_series({DIVISIONS} + 1, {teams}) n""",
        f"""INSERT INTO rbac_team_member (id, organisation_id, team_id, user_id, added_at)
        SELECT gen_random_uuid(), %(organisation)s, {_id(4, f"1 + (n * 7 + k * 131) %% {teams}")}, {me}, now()
        FROM generate_series(1, {people}) n, generate_series(1, {TEAMS_OF_ONE}) k""",
        *(
            f"""INSERT INTO rbac_binding (id, scope_id, role_id, {who}, effect, everyone, reason, created_at)
            SELECT gen_random_uuid(), {where}, {role}, {subject}, 'allow', false, '', now() FROM {rows}"""
            for who, where, role, subject, rows in (
                ("user_id", "%(organisation)s", "%(crew)s", me, f"generate_series(1, {people}) n"),
                ("user_id", "%(organisation)s", "%(edited)s", me, f"generate_series(1, {min(people, CREWS)}) n"),
                ("user_id", "%(organisation)s", "%(rare)s", me, "generate_series(1, 10) n"),
                (
                    "user_id",
                    _id(3, f"1 + (n * 3 + k * 17) %% {folders}"),
                    "%(reader)s",
                    me,
                    f"generate_series(1, {people}) n, generate_series(1, 2) k",
                ),
                (
                    "team_id",
                    _id(3, f"1 + (n * 5 + k * 23) %% {folders}"),
                    "%(reader)s",
                    team,
                    f"generate_series(1, {teams}) n, generate_series(1, 2) k",
                ),
                ("user_id", "%(organisation)s", "%(reader)s", _id(1, "3 + 0 * n"), "generate_series(1, 1) n"),
            )
        ),
        f"""INSERT INTO rbac_user_grant (id, user_id, permission_id, content_type_id, object_pk, organisation_id, reason, created_at)
        SELECT gen_random_uuid(), {me}, %(auth)s, %(kind)s, ({_id(3, f"1 + (n * 997 + k * 7919) %% {objects}")})::text,
            %(organisation)s, '', now()
        FROM generate_series(1, {people}) n, generate_series(1, {GRANTS_OF_ONE}) k WHERE n <> 2 ON CONFLICT DO NOTHING""",
        f"""INSERT INTO rbac_user_grant (id, user_id, permission_id, content_type_id, object_pk, organisation_id, reason, created_at)
        SELECT gen_random_uuid(), {_id(1, "2 + 0 * n")}, %(auth)s, %(kind)s,
            ({_id(3, f"1 + (n * ({objects} / {sizes['grants']})) %% {objects}")})::text, %(organisation)s, '', now()
        FROM generate_series(1, {sizes["grants"]}) n ON CONFLICT DO NOTHING""",
    ]


def sizes_of(objects: int, people: int) -> Sizes:
    """How much there is of everything."""
    return {
        "objects": objects,
        "people": people,
        "folders": max(100, objects // 100),
        "teams": max(100, people // 100),
        "grants": max(1_000, objects // 10),
    }


def fill(world: World, home: str, name: str, objects: int, people: int) -> Place:
    """A copy of the database `home`, with so many objects and people more; used from here on."""
    owner = urlsplit(os.environ["DATABASE_OWNER_URL"]).username
    connections.close_all()
    with psycopg.connect(world.admin_url, dbname="postgres", autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{home}" OWNER {owner}')
    use(name)
    values = _made()
    admin = urlunsplit(urlsplit(world.admin_url)._replace(path=f"/{name}"))
    with psycopg.connect(admin, autocommit=True) as database:
        database.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
        for step in _steps(sizes_of(objects, people)):
            database.execute(step, values)
        database.execute("VACUUM ANALYZE")
    one, two, three = (UUID(f"01939f2c-7c00-7000-8001-{number:012x}") for number in (1, 2, 3))
    return Place(name, values["organisation"], one, two, three, values["edited"], values["rare"], objects)


def use(name: str) -> None:
    """Ask the database `name` from here on; nothing that was remembered holds there."""
    connections.close_all()
    connection.settings_dict["NAME"] = name
    decision.forget_everything()


def _made() -> dict[str, Any]:
    """What the statements build upon, made by the services; by name."""
    founder: User = person("Founder")
    with context.system("measuring") as current, writing():
        organisation = Organisation.objects.create(slug="acme", name="Acme")
        rbac.scope_ensure(organisation_id=organisation.pk)
        made: dict[str, Any] = {"organisation": organisation.pk, "founder": founder.pk}
        for label, codes in (
            ("crew", ["organisation:read", "member:read"]),
            ("reader", [READ]),
            ("edited", ["organisation:read"]),
            ("rare", ["organisation:read"]),
        ):
            draft = RoleDraft(label=f"Bench {label}", rights=dict.fromkeys(codes, "allow"))
            role: Role = rbac.role_create(actor=current.actor, organisation_id=organisation.pk, draft=draft)
            made[label] = role.pk
        kind = ResourceType.objects.get(application__code="product", code="project")
        granted = Permission.objects.select_related("auth_permission").get(code=READ).auth_permission
        assert granted is not None
        made |= {"type": kind.pk, "auth": granted.pk}
        made["kind"] = ContentType.objects.get(app_label="rbac", model="resource").pk
    return made
