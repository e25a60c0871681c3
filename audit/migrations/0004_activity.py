"""What pages and endpoints were asked for: a table partitioned by day, its sums by the hour, and their way out."""

from django.db import migrations, models

# Family is the first digit of the status, written beside it: an expression of it could not be the condition of an index
# behind row-level security (a division is not leakproof).
TABLE = """
CREATE TABLE audit_activity (
    id uuid PRIMARY KEY,
    occurred_at timestamptz NOT NULL,
    channel text NOT NULL CHECK (channel IN ('page', 'api', 'admin')),
    method text NOT NULL,
    route text NOT NULL,
    object_id uuid,
    status smallint NOT NULL CHECK (status BETWEEN 100 AND 599),
    family smallint NOT NULL CHECK (family = status / 100),
    duration_ms real NOT NULL,
    bytes integer,
    actor_kind text NOT NULL CHECK (actor_kind IN ('anonymous', 'person', 'service', 'key', 'job', 'system')),
    actor_id uuid,
    session_id uuid,
    organisation_id uuid,
    address inet,
    request_id text NOT NULL
) PARTITION BY RANGE (id);
-- Upwards although they are read downwards: new rows come at the end of their range, which PostgreSQL splits best.
CREATE INDEX audit_activity_facets ON audit_activity (channel, family, id);
CREATE INDEX audit_activity_actor ON audit_activity (actor_id, id) WHERE actor_id IS NOT NULL;
-- What stands after the id is looked at in the index itself: a rare answer among many rows costs no visit to the table.
CREATE INDEX audit_activity_route ON audit_activity (route, id, family);
CREATE INDEX audit_activity_organisation ON audit_activity (organisation_id, id, channel, family)
    WHERE organisation_id IS NOT NULL;

-- Sums by the hour, so that a chart reads a few thousand rows instead of millions: of each organisation, and without one
-- of the whole installation. Nearly every write of it is an update of counts; half-empty pages keep those in place.
CREATE TABLE audit_activity_hour (
    id uuid PRIMARY KEY,
    organisation_id uuid,
    hour timestamptz NOT NULL,
    channel text NOT NULL,
    route text NOT NULL,
    family smallint NOT NULL,
    requests bigint NOT NULL,
    milliseconds double precision NOT NULL,
    slowest_ms real NOT NULL,
    UNIQUE NULLS NOT DISTINCT (organisation_id, hour, route, family, channel)
) WITH (fillfactor = 50);
"""

# As the trail's: the application sees its organisation's rows, the platform all. Only the platform writes: the writer's
# batches hold requests of every organisation. Nobody changes a row, and nobody but the owner's function lets one go.
WALL = """
GRANT SELECT ON audit_activity TO steward_app;
GRANT SELECT, INSERT ON audit_activity TO steward_platform;
GRANT SELECT ON audit_activity_hour TO steward_app;
GRANT SELECT, INSERT, UPDATE ON audit_activity_hour TO steward_platform;
GRANT SELECT ON audit_activity, audit_activity_hour TO steward_readonly;
ALTER TABLE audit_activity ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_activity_tenant ON audit_activity FOR SELECT TO steward_app
    USING (organisation_id = (SELECT nullif(current_setting('steward.organisation', true), '')::uuid));
CREATE POLICY audit_activity_platform ON audit_activity TO steward_platform USING (true) WITH CHECK (true);
ALTER TABLE audit_activity_hour ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_activity_hour_tenant ON audit_activity_hour FOR SELECT TO steward_app
    USING (organisation_id = (SELECT nullif(current_setting('steward.organisation', true), '')::uuid));
CREATE POLICY audit_activity_hour_platform ON audit_activity_hour TO steward_platform USING (true) WITH CHECK (true);
"""

# SECURITY DEFINER because the application owns nothing; pg_temp last in the path, or a caller could put a table of its
# own before ours. Days are those of UTC. A partition is made first and attached then: ATTACH lets others go on writing.
ENSURE = """
CREATE FUNCTION audit_activity_ensure(first date, days integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    made integer := 0;
    day date;
    partition text;
BEGIN
    IF days IS NULL OR days < 1 OR days > 400 THEN
        RAISE EXCEPTION 'days must be 1 to 400, not %', days;
    END IF;
    IF first IS NULL OR first < '2000-01-01' OR first >= '2200-01-01' THEN
        RAISE EXCEPTION 'first must be a day of the years 2000 to 2199, not %', first;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('audit_activity_ensure'));
    FOR step IN 0..days - 1 LOOP
        day := first + step;
        partition := 'audit_activity_' || to_char(day, 'YYYY"_"MM"_"DD');
        IF to_regclass('public.' || partition) IS NULL THEN
            EXECUTE format('CREATE TABLE public.%I (LIKE public.audit_activity INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                partition);
            EXECUTE format('ALTER TABLE public.audit_activity ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                partition, public.audit_first_id(day::timestamp AT TIME ZONE 'UTC'),
                public.audit_first_id((day + 1)::timestamp AT TIME ZONE 'UTC'));
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION audit_activity_ensure(date, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_activity_ensure(date, integer) TO steward_app, steward_platform;
SELECT audit_activity_ensure((now() AT TIME ZONE 'UTC')::date - 1, 16);
"""

# A partition goes by its bound, whatever it is called, and only as a part of this one table: no name is ever believed.
# It gives up after two seconds rather than stand in the queue before those who read and write.
DROP = """
CREATE FUNCTION audit_activity_drop(before date)
    RETURNS TABLE (partition text, row_estimate bigint, bytes bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    found record;
BEGIN
    IF before IS NULL OR before > today - 1 OR before < '2000-01-01' THEN
        RAISE EXCEPTION 'before must be a day of the year 2000 or later and at least one day ago, not %', before
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('audit_activity_ensure'));
    FOR found IN
        SELECT c.oid, c.relname::text AS name, greatest(c.reltuples, s.n_live_tup, 0)::bigint AS rows,
            pg_total_relation_size(c.oid) AS size
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
        WHERE i.inhparent = 'public.audit_activity'::regclass
            AND (regexp_match(pg_get_expr(c.relpartbound, c.oid), $re$TO \\('([0-9a-f-]{36})'\\)$re$))[1]::uuid
                <= public.audit_first_id(before::timestamp AT TIME ZONE 'UTC')
        ORDER BY c.relname
    LOOP
        EXECUTE format('DROP TABLE %s', found.oid::regclass);
        partition := found.name;
        row_estimate := found.rows;
        bytes := found.size;
        RETURN NEXT;
    END LOOP;
    DELETE FROM public.audit_activity_hour WHERE hour < before::timestamp AT TIME ZONE 'UTC';
END $$;
REVOKE ALL ON FUNCTION audit_activity_drop(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_activity_drop(date) TO steward_platform;
"""

UNDO = """
DROP FUNCTION audit_activity_drop(date);
DROP FUNCTION audit_activity_ensure(date, integer);
DROP TABLE audit_activity_hour;
DROP TABLE audit_activity;
"""
_ID = ("id", models.UUIDField(editable=False, primary_key=True, serialize=False))
_CHANNELS = [("page", "page"), ("api", "api"), ("admin", "admin")]


class Migration(migrations.Migration):
    """Tables, wall and functions; the models' state beside them."""

    dependencies = [("audit", "0003_exports")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLE + WALL + ENSURE + DROP, UNDO)],
            state_operations=[
                migrations.CreateModel(
                    name="Activity",
                    fields=[
                        _ID,
                        ("occurred_at", models.DateTimeField()),
                        ("channel", models.TextField(choices=_CHANNELS)),
                        ("method", models.TextField()),
                        ("route", models.TextField()),
                        ("object_id", models.UUIDField(null=True)),
                        ("status", models.PositiveSmallIntegerField()),
                        ("family", models.PositiveSmallIntegerField()),
                        ("duration_ms", models.FloatField()),
                        ("bytes", models.PositiveIntegerField(null=True)),
                        ("actor_kind", models.TextField()),
                        ("actor_id", models.UUIDField(null=True)),
                        ("session_id", models.UUIDField(null=True)),
                        ("organisation_id", models.UUIDField(null=True)),
                        ("address", models.GenericIPAddressField(null=True)),
                        ("request_id", models.TextField()),
                    ],
                    options={"db_table": "audit_activity", "ordering": ["-id"]},
                ),
                migrations.CreateModel(
                    name="ActivityHour",
                    fields=[
                        _ID,
                        ("organisation_id", models.UUIDField(null=True)),
                        ("hour", models.DateTimeField()),
                        ("channel", models.TextField(choices=_CHANNELS)),
                        ("route", models.TextField()),
                        ("family", models.PositiveSmallIntegerField()),
                        ("requests", models.BigIntegerField()),
                        ("milliseconds", models.FloatField()),
                        ("slowest_ms", models.FloatField()),
                    ],
                    options={"db_table": "audit_activity_hour"},
                ),
            ],
        ),
    ]
