"""The trail: a table partitioned by month on its UUIDv7 key, append-only for everybody."""

from django.db import migrations, models

from portal.kit import grants

TABLE = """
CREATE TABLE audit_event (
    id uuid PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    schema smallint NOT NULL DEFAULT 1,
    occurred_at timestamptz NOT NULL,
    code text NOT NULL,
    category text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('info', 'notice', 'warning', 'critical')),
    outcome text NOT NULL CHECK (outcome IN ('ok', 'denied', 'failed')),
    actor_kind text NOT NULL CHECK (actor_kind IN ('anonymous', 'person', 'service', 'key', 'job', 'system')),
    actor_id uuid,
    actor_label text NOT NULL DEFAULT '',
    behalf_id uuid,
    behalf_label text NOT NULL DEFAULT '',
    organisation_id uuid,
    target_type text NOT NULL DEFAULT '',
    target_id uuid,
    target_label text NOT NULL DEFAULT '',
    changes jsonb NOT NULL DEFAULT '{}',
    data jsonb NOT NULL DEFAULT '{}',
    personal jsonb NOT NULL DEFAULT '{}',
    reason text NOT NULL DEFAULT '',
    source text NOT NULL DEFAULT '',
    request_id text NOT NULL DEFAULT '',
    correlation_id text NOT NULL DEFAULT '',
    session_id uuid,
    address inet,
    agent text NOT NULL DEFAULT ''
) PARTITION BY RANGE (id);
CREATE INDEX audit_event_organisation ON audit_event (organisation_id, id DESC);
CREATE INDEX audit_event_actor ON audit_event (actor_id, id DESC);
CREATE INDEX audit_event_target ON audit_event (target_id, id DESC);
CREATE INDEX audit_event_code ON audit_event (code, id DESC);
CREATE INDEX audit_event_request ON audit_event (request_id, id) WHERE request_id <> '';
"""

APPEND_ONLY = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_event is append-only: % is refused', TG_OP
        USING ERRCODE = 'insufficient_privilege', HINT = 'Rows leave only with their archived partition.';
END $$;
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""

# The bound of a month is its first UUIDv7: 48 bits of milliseconds, version 7, variant 10, zeros.
# SECURITY DEFINER because the application owns nothing and still has to make next month's partition; pg_temp stands
# last in its path, or a caller could put a type or table of its own before ours. The table is made first and attached
# then, because ATTACH lets others go on writing while CREATE ... PARTITION OF locks them out; it gives up after two
# seconds rather than stand in the queue before them. A month whose events already lie in audit_event_other cannot have
# a partition any more; the others must not wait for it.
PARTITIONS = """
CREATE FUNCTION audit_first_id(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;
CREATE FUNCTION audit_ensure_partitions(first date, months integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    month date := date_trunc('month', first)::date;
    made integer := 0;
    partition text;
BEGIN
    IF months IS NULL OR months < 1 OR months > 120 THEN
        RAISE EXCEPTION 'months must be 1 to 120, not %', months;
    END IF;
    IF first IS NULL OR first < '2000-01-01' OR first >= '2200-01-01' THEN
        RAISE EXCEPTION 'first must be a day of the years 2000 to 2199, not %', first;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('audit_ensure_partitions'));
    FOR step IN 1..months LOOP
        partition := 'audit_event_' || to_char(month, 'YYYY"_"MM');
        IF to_regclass('public.' || partition) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE TABLE public.%I (LIKE public.audit_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                    partition);
                EXECUTE format('ALTER TABLE public.audit_event ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                    partition, public.audit_first_id(month::timestamp AT TIME ZONE 'UTC'),
                    public.audit_first_id((month + interval '1 month')::timestamp AT TIME ZONE 'UTC'));
                EXECUTE format('CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON public.%I
                    FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse()', partition);
                made := made + 1;
            EXCEPTION WHEN check_violation THEN
                RAISE WARNING 'no partition %: events of that month are in audit_event_other', partition;
            END;
        END IF;
        month := (month + interval '1 month')::date;
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION audit_ensure_partitions(date, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_ensure_partitions(date, integer) TO steward_app, steward_platform;
GRANT EXECUTE ON FUNCTION audit_first_id(timestamptz) TO steward_app, steward_platform, steward_readonly;
"""

# A clock that jumps must not lose events: what fits no month lands here, and the health check says so.
OTHER = """
CREATE TABLE audit_event_other PARTITION OF audit_event DEFAULT;
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event_other
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
SELECT audit_ensure_partitions((now() - interval '1 month')::date, 15);
"""

DROP = """
DROP TABLE audit_event;
DROP FUNCTION audit_refuse();
DROP FUNCTION audit_ensure_partitions(date, integer);
DROP FUNCTION audit_first_id(timestamptz);
"""


class Migration(migrations.Migration):
    """Table, triggers, partitions, grants; the model's state beside them."""

    initial = True
    dependencies = []

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(TABLE + APPEND_ONLY + PARTITIONS + OTHER, DROP),
                grants.grant("audit_event", grants.APPEND),
                # Partitions have no grants of their own, so that the application reaches them only through the trail;
                # but the health check has to see whether something fell beside the months.
                grants.grant("audit_event_other", grants.READ),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Event",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ("schema", models.PositiveSmallIntegerField(default=1)),
                        ("occurred_at", models.DateTimeField()),
                        ("code", models.TextField()),
                        ("category", models.TextField()),
                        ("severity", models.TextField()),
                        (
                            "outcome",
                            models.TextField(choices=[("ok", "ok"), ("denied", "denied"), ("failed", "failed")]),
                        ),
                        ("actor_kind", models.TextField()),
                        ("actor_id", models.UUIDField(null=True)),
                        ("actor_label", models.TextField()),
                        ("behalf_id", models.UUIDField(null=True)),
                        ("behalf_label", models.TextField()),
                        ("organisation_id", models.UUIDField(null=True)),
                        ("target_type", models.TextField()),
                        ("target_id", models.UUIDField(null=True)),
                        ("target_label", models.TextField()),
                        ("changes", models.JSONField()),
                        ("data", models.JSONField()),
                        ("personal", models.JSONField()),
                        ("reason", models.TextField()),
                        ("source", models.TextField()),
                        ("request_id", models.TextField()),
                        ("correlation_id", models.TextField()),
                        ("session_id", models.UUIDField(null=True)),
                        ("address", models.GenericIPAddressField(null=True)),
                        ("agent", models.TextField()),
                    ],
                    options={"db_table": "audit_event", "ordering": ["-id"]},
                ),
            ],
        ),
        migrations.CreateModel(
            name="PersonalKey",
            fields=[
                ("subject_id", models.UUIDField(primary_key=True, serialize=False)),
                ("key_id", models.TextField()),
                ("sealed", models.BinaryField(null=True)),
                ("created_at", models.DateTimeField()),
                ("destroyed_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "audit_personal_key"},
        ),
        grants.grant("audit_personal_key", grants.APPEND),
    ]
