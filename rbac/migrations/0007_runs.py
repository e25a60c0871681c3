"""Modules of host products, which organisations switch on and off, and the runs that products tell of."""

from importlib import import_module

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

decided = import_module("rbac.migrations.0005_decision")
kept = import_module("rbac.migrations.0004_tree_kept")


def _with(function: str, *changes: tuple[str, str]) -> str:
    """A function as it was, with something put in front of a part of it that has to be there."""
    for before, addition in changes:
        if function.count(before) != 1:
            raise ValueError(f"{before!r} is not one part of the function.")
        function = function.replace(before, f"{addition}{before}")
    return function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


# Which parts of products an organisation has switched off, with the numbers of their permissions; and of which products
# somebody holds a role there, which the navigation asks.
RULES = _with(
    decided.RULES,
    (
        "        'active', EXISTS",
        """
        'off', (SELECT json_agg(json_build_array(o.organisation_id, m.id, ARRAY(
                SELECT p.number FROM rbac_permission p WHERE p.module_id = m.id)))
            FROM (SELECT DISTINCT organisation_id FROM asked WHERE organisation_id IS NOT NULL) o CROSS JOIN rbac_module m
            LEFT JOIN rbac_module_switch w ON w.module_id = m.id AND w.organisation_id = o.organisation_id
            WHERE NOT coalesce(w.is_on, m.on_by_default)),
        'products', (SELECT json_agg(DISTINCT jsonb_build_array(h.scope_id, a.code, r.code))
            FROM held h JOIN rbac_role r ON r.id = h.role_id JOIN rbac_application a ON a.id = r.application_id
            WHERE h.effect = 'allow'),
""",
    ),
)
OFF = f"""
CREATE FUNCTION rbac_is_off(_number int, _organisation uuid) RETURNS boolean LANGUAGE sql {decided.DEFINER} AS $$
    SELECT EXISTS (
        SELECT FROM rbac_permission p JOIN rbac_module m ON m.id = p.module_id
        LEFT JOIN rbac_module_switch w ON w.module_id = m.id AND w.organisation_id = _organisation
        WHERE p.number = _number AND _organisation IS NOT NULL AND NOT coalesce(w.is_on, m.on_by_default))
$$;
REVOKE ALL ON FUNCTION rbac_is_off(int, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rbac_is_off(int, uuid) TO steward_app, steward_platform;
"""
SUBJECTS = _with(
    decided.SUBJECTS, ("(_after IS NULL OR e.user_id > _after)", "NOT rbac_is_off(_number, _organisation) AND ")
)


def _raises(table: str, event: str, rows: str, keys: str) -> str:
    """Let a change of rows raise the stamps that `keys` selects from what changed."""
    name = f"{table}_stamps_{event.split(maxsplit=1)[0].lower()}"
    return f"""
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM rbac_bump(ARRAY({keys}));
        RETURN NULL;
    END $$;
    CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION {name}();
    """


_OURS = "SELECT c.organisation_id FROM changed c"
_ALL = f"SELECT {kept.INSTALLATION} WHERE EXISTS (SELECT FROM changed)"
STAMPS = "".join(
    _raises(table, event, rows, keys)
    for table, keys in (("rbac_module_switch", _OURS), ("rbac_module", _ALL))
    for event, rows in (
        ("INSERT", "NEW TABLE AS changed"),
        ("UPDATE", "NEW TABLE AS changed"),
        ("DELETE", "OLD TABLE AS changed"),
    )
) + _raises(
    "rbac_permission",
    "UPDATE",
    "OLD TABLE AS before NEW TABLE AS after",
    f"SELECT {kept.INSTALLATION} WHERE EXISTS (SELECT FROM before b JOIN after a USING (number)"
    " WHERE a.module_id IS DISTINCT FROM b.module_id)",
)

# A line belongs to the organisation of its run, and a run to that of its resource, whose scope has the same id.
SAME = """
ALTER TABLE rbac_run ADD CONSTRAINT rbac_run_of_organisation
    FOREIGN KEY (resource_id, organisation_id) REFERENCES rbac_scope (id, organisation_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE rbac_run ADD CONSTRAINT rbac_run_in_organisation UNIQUE (id, organisation_id);
ALTER TABLE rbac_run_line ADD CONSTRAINT rbac_run_line_of_organisation
    FOREIGN KEY (run_id, organisation_id) REFERENCES rbac_run (id, organisation_id) DEFERRABLE INITIALLY DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_people"),
        ("rbac", "0006_tree_pages"),
    ]

    operations = [
        migrations.AddField(
            model_name="application",
            name="is_registered",
            field=models.BooleanField(
                db_default=False, default=False, help_text="It told of itself over the API; files leave it as it is."
            ),
        ),
        migrations.AddField(
            model_name="resourcetype",
            name="is_registered",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Its product told of it over the API; files leave it as it is.",
            ),
        ),
        migrations.AddField(
            model_name="resourcetype",
            name="navigation",
            field=models.JSONField(
                db_default=models.Value([], models.JSONField()),
                default=list,
                help_text="Codes of the product's roles in whose navigation it stands; none: in everybody's or nobody's.",
            ),
        ),
        migrations.CreateModel(
            name="Module",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("code", models.SlugField(max_length=40)),
                ("label", models.CharField(max_length=80)),
                ("description", models.CharField(blank=True, max_length=300)),
                (
                    "on_by_default",
                    models.BooleanField(
                        db_default=True,
                        default=True,
                        help_text="Whether an organisation that never switched it has it.",
                    ),
                ),
                (
                    "is_registered",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Its product told of it over the API; files leave it as it is.",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(db_default=0, default=0)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="modules", to="rbac.application"
                    ),
                ),
            ],
            options={
                "db_table": "rbac_module",
                "constraints": [models.UniqueConstraint(fields=("application", "code"), name="rbac_module_code")],
            },
        ),
        migrations.AddField(
            model_name="permission",
            name="module",
            field=models.ForeignKey(
                help_text="Nobody holds it in an organisation that has this part of the product switched off.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="permissions",
                to="rbac.module",
            ),
        ),
        migrations.AddField(
            model_name="resourcetype",
            name="module",
            field=models.ForeignKey(
                help_text="The part it belongs to.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="types",
                to="rbac.module",
            ),
        ),
        migrations.CreateModel(
            name="ModuleSwitch",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("is_on", models.BooleanField()),
                (
                    "changed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
                (
                    "module",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="switches", to="rbac.module"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "db_table": "rbac_module_switch",
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "module"), name="rbac_module_switch_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("external_id", models.CharField(max_length=200)),
                ("name", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                            ("lost", "Lost"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("phase", models.CharField(blank=True, max_length=200)),
                ("done", models.PositiveBigIntegerField(default=0)),
                ("total", models.PositiveBigIntegerField(blank=True, null=True)),
                (
                    "message",
                    models.CharField(
                        blank=True, help_text="How it ended, in the words of the product.", max_length=1000
                    ),
                ),
                ("lines_count", models.PositiveIntegerField(default=0)),
                ("started_by", models.UUIDField(help_text="Who told of it.", null=True)),
                ("cancel_asked_by", models.UUIDField(null=True)),
                ("cancel_asked_at", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "seen_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=portal.kit.clock.now,
                        help_text="When the product last spoke of it.",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "resource",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="rbac.resource"
                    ),
                ),
            ],
            options={
                "db_table": "rbac_run",
                "indexes": [
                    models.Index(fields=["organisation", "created_at", "id"], name="rbac_run_newest"),
                    models.Index(fields=["organisation", "state", "id"], name="rbac_run_state"),
                    models.Index(fields=["resource", "id"], name="rbac_run_of_resource"),
                    models.Index(
                        condition=models.Q(("state__in", ["queued", "running"])),
                        fields=["seen_at"],
                        name="rbac_run_silent",
                    ),
                    models.Index(fields=["finished_at", "id"], name="rbac_run_finished"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("resource", "external_id"), name="rbac_run_external"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at", None), ("state__in", ["queued", "running"])),
                            models.Q(
                                models.Q(("state__in", ["queued", "running"]), _negated=True),
                                models.Q(("finished_at", None), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="rbac_run_ended",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunLine",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "level",
                    models.CharField(
                        choices=[("info", "Information"), ("warning", "Warning"), ("error", "Error")],
                        default="info",
                        max_length=7,
                    ),
                ),
                ("text", models.CharField(max_length=2000)),
                (
                    "written_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="rbac.run"),
                ),
            ],
            options={
                "db_table": "rbac_run_line",
                "constraints": [models.UniqueConstraint(fields=("run", "number"), name="rbac_run_line_number")],
            },
        ),
        migrations.CreateModel(
            name="RunTally",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("day", models.DateField()),
                ("started", models.PositiveIntegerField(default=0)),
                ("succeeded", models.PositiveIntegerField(default=0)),
                (
                    "failed",
                    models.PositiveIntegerField(
                        default=0, help_text="Failed or cancelled; one that is lost may still be found."
                    ),
                ),
                (
                    "seconds",
                    models.PositiveBigIntegerField(
                        default=0, help_text="How long the runs took that ended on the day."
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rbac.resourcetype"
                    ),
                ),
            ],
            options={
                "db_table": "rbac_run_tally",
                "indexes": [models.Index(fields=["day", "type"], name="rbac_run_tally_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "type", "day"), name="rbac_run_tally_once")
                ],
            },
        ),
        grants.grant("rbac_module"),
        grants.tenant("rbac_module_switch"),
        grants.tenant("rbac_run"),
        grants.tenant("rbac_run_line"),
        grants.tenant("rbac_run_tally"),
        migrations.RunSQL(RULES),
        migrations.RunSQL(OFF),
        migrations.RunSQL(SUBJECTS),
        migrations.RunSQL(STAMPS),
        migrations.RunSQL(SAME),
    ]
