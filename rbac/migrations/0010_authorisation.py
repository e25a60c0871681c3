"""Questions of host products: what they call people, one reading for all that they ask, and which stamp rose when."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import migrations, models
from django.db.models.functions import Now

from portal.kit import clock, grants, ids

INSTALLATION = "'00000000-0000-0000-0000-000000000000'::uuid"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
USERS = f'"{get_user_model()._meta.db_table}"'

# Whatever raises a stamp, and whoever copies the table, the row says in which transaction of this cluster it was.
CHANGED = """
CREATE FUNCTION rbac_stamp_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.changed_in := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
CREATE TRIGGER rbac_stamp_changed BEFORE INSERT OR UPDATE ON rbac_stamp
    FOR EACH ROW EXECUTE FUNCTION rbac_stamp_changed();
"""
# The feed of an organisation tells of its members. Who leaves is no member any more and would leave without a word, so
# that raises the stamp of the organisation as well.
LEFT = """
CREATE FUNCTION rbac_membership_left() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM rbac_bump(ARRAY(SELECT organisation_id FROM gone));
    RETURN NULL;
END $$;
CREATE TRIGGER rbac_membership_left AFTER DELETE ON accounts_membership REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION rbac_membership_left();
"""
# Who is called what decides about whom a question is.
NAMED = "".join(
    f"""
    CREATE FUNCTION rbac_external_person_stamps_{event.lower()}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM rbac_bump(ARRAY(SELECT organisation_id FROM changed));
        RETURN NULL;
    END $$;
    CREATE TRIGGER rbac_external_person_stamps_{event.lower()} AFTER {event} ON rbac_external_person
        REFERENCING {rows} TABLE AS changed
        FOR EACH STATEMENT EXECUTE FUNCTION rbac_external_person_stamps_{event.lower()}();
    """
    for event, rows in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
)
MEMBER = """
ALTER TABLE rbac_external_person ADD CONSTRAINT rbac_external_person_member
    FOREIGN KEY (organisation_id, user_id) REFERENCES accounts_membership (organisation_id, user_id) ON DELETE CASCADE;
"""

# Everything that a call of the authorisation API needs to know, by one statement in one snapshot: whom and what the
# questions name in the organisation (none: the installation, where people are named by their id), the stamps, and what
# bears on those pairs that the process does not know at these stamps. What belongs to another organisation, or is of
# another kind than was said, is not there.
QUESTIONS = f"""
CREATE FUNCTION rbac_questions(_organisation uuid, _asked json, _at timestamptz, _bounded boolean)
    RETURNS json LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE
    _installation_epoch bigint := coalesce((SELECT epoch FROM rbac_stamp WHERE key = {INSTALLATION}), 0);
    _organisation_epoch bigint := coalesce((SELECT epoch FROM rbac_stamp WHERE key = _organisation), 0);
BEGIN
    RETURN (
    WITH person AS MATERIALIZED (
        SELECT a.n, u.id, coalesce((SELECT s.epoch FROM rbac_stamp s WHERE s.key = u.id), 0) AS epoch
        FROM json_to_recordset(_asked -> 'people') AS a (n int, kind text, id uuid, application text, external_id text)
        JOIN {USERS} u ON u.kind = a.kind AND u.id = CASE WHEN a.id IS NOT NULL THEN a.id ELSE (
            SELECT e.user_id FROM rbac_external_person e JOIN rbac_application p ON p.id = e.application_id
            WHERE e.organisation_id = _organisation AND p.code = a.application AND e.external_id = a.external_id) END
        WHERE _organisation IS NULL OR EXISTS (SELECT FROM accounts_membership m
            WHERE m.organisation_id = _organisation AND m.user_id = u.id AND m.state = 'active')
    ), named AS (
        SELECT a.n, a.kind, a.id, a.external_id, (SELECT t.id FROM rbac_resource_type t
            JOIN rbac_application p ON p.id = t.application_id
            WHERE p.code = split_part(a.kind, '/', 1) AND t.code = split_part(a.kind, '/', 2)) AS type_id
        FROM json_to_recordset(_asked -> 'things') AS a (n int, kind text, id uuid, external_id text)
    ), thing AS MATERIALIZED (
        SELECT a.n, a.type_id IS NOT NULL OR a.kind IN ('organisation', 'workspace') AS is_known, CASE
            WHEN a.kind = 'organisation' THEN CASE WHEN a.id = _organisation THEN a.id END
            WHEN a.kind = 'workspace' AND a.id IS NOT NULL THEN (
                SELECT w.id FROM rbac_workspace w WHERE w.id = a.id AND w.organisation_id = _organisation)
            WHEN a.kind = 'workspace' THEN (SELECT w.id FROM rbac_workspace w
                WHERE w.organisation_id = _organisation AND w.external_id = a.external_id AND w.external_id <> '')
            WHEN a.id IS NOT NULL THEN (SELECT r.id FROM rbac_resource r
                WHERE r.id = a.id AND r.type_id = a.type_id AND r.organisation_id = _organisation)
            ELSE (SELECT r.id FROM rbac_resource r WHERE r.type_id = a.type_id
                AND r.external_id = a.external_id AND r.organisation_id = _organisation) END AS id
        FROM named a
    ), wanted AS (
        SELECT DISTINCT p.id AS person, CASE WHEN a.thing IS NULL THEN _organisation ELSE t.id END AS place
        FROM json_to_recordset(_asked -> 'pairs') AS a (person int, thing int, known text)
        JOIN person p ON p.n = a.person LEFT JOIN thing t ON t.n = a.thing
        WHERE (a.thing IS NULL OR t.id IS NOT NULL)
            AND a.known IS DISTINCT FROM concat_ws('.', _installation_epoch, _organisation_epoch, p.epoch)
    )
    SELECT json_build_object(
        'installation', _installation_epoch,
        'organisation', _organisation_epoch,
        'people', (SELECT json_agg(json_build_array(n, id, epoch)) FROM person),
        'things', (SELECT json_agg(json_build_array(n, id, is_known)) FROM thing),
        'rules', (SELECT json_agg(json_build_array(person, told)) FROM (
            SELECT person, rbac_rules(person, array_agg(place), array_agg(place), _at, _bounded) AS told
            FROM wanted GROUP BY person) one)
    ));
END $$;
"""
SIGNATURE = "rbac_questions(uuid, json, timestamptz, boolean)"


class Migration(migrations.Migration):
    dependencies = [
        ("rbac", "0009_faster_lists"),
        ("accounts", "0006_organisations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExternalPerson",
            fields=[
                ("id", models.UUIDField(default=ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("external_id", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(db_default=Now(), default=clock.now)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rbac.application"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "rbac_external_person",
                "indexes": [models.Index(fields=["user"], name="rbac_external_person_user")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "application", "external_id"), name="rbac_external_person_known"
                    ),
                    models.UniqueConstraint(
                        fields=("organisation", "application", "user"), name="rbac_external_person_once"
                    ),
                ],
            },
        ),
        grants.tenant("rbac_external_person"),
        migrations.RunSQL(MEMBER + NAMED),
        migrations.AddField(
            "stamp",
            "changed_in",
            models.BigIntegerField(
                db_default=0, default=0, help_text="The transaction that raised it last, as a trigger notes it."
            ),
        ),
        migrations.AddIndex("stamp", models.Index(fields=["changed_in", "key"], name="rbac_stamp_changed")),
        migrations.RunSQL(CHANGED + LEFT),
        migrations.RunSQL(
            f"{QUESTIONS} REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC;"
            f" GRANT EXECUTE ON FUNCTION {SIGNATURE} TO steward_app, steward_platform;"
        ),
    ]
