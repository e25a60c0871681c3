"""Rights for a while, broken glass, and what nobody may hold together."""

from importlib import import_module

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

runs = import_module("rbac.migrations.0007_runs")

# What somebody has for a while is told with all else, for the banner: no page pays a query of its own to know.
RULES = runs._with(
    runs.RULES,
    (
        "        'active', EXISTS",
        """
        'elevated', (SELECT json_agg(json_build_array(b.origin, b.origin_id, s.organisation_id, r.label, b.expires_at))
            FROM rbac_binding b JOIN rbac_scope s ON s.id = b.scope_id JOIN rbac_role r ON r.id = b.role_id
            WHERE b.user_id = _person AND b.origin_id IS NOT NULL AND b.expires_at > _at),
""",
    ),
)

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS"

# Whoever takes the binding, and by whatever road: what it followed from is over with it.
ORIGINS = f"""
CREATE FUNCTION rbac_binding_origin_over(elevations uuid[], glass uuid[]) RETURNS void LANGUAGE sql {DEFINER} $$
    UPDATE rbac_elevation SET state = 'ended', ended_at = now() WHERE id = ANY(elevations) AND state = 'approved';
    UPDATE rbac_glass SET ended_at = now() WHERE id = ANY(glass) AND ended_at IS NULL;
$$;
REVOKE ALL ON FUNCTION rbac_binding_origin_over(uuid[], uuid[]) FROM PUBLIC;
CREATE FUNCTION rbac_binding_origin_deleted() RETURNS trigger LANGUAGE plpgsql {DEFINER} $$ BEGIN
    PERFORM rbac_binding_origin_over(ARRAY(SELECT origin_id FROM gone WHERE origin = 'elevation'),
        ARRAY(SELECT origin_id FROM gone WHERE origin = 'glass'));
    RETURN NULL;
END $$;
CREATE TRIGGER rbac_binding_origin_deleted AFTER DELETE ON rbac_binding REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION rbac_binding_origin_deleted();
CREATE FUNCTION rbac_binding_origin_changed() RETURNS trigger LANGUAGE plpgsql {DEFINER} $$ BEGIN
    PERFORM rbac_binding_origin_over(
        ARRAY(SELECT b.origin_id FROM before b JOIN after a USING (id)
            WHERE b.origin = 'elevation' AND a.origin_id IS DISTINCT FROM b.origin_id),
        ARRAY(SELECT b.origin_id FROM before b JOIN after a USING (id)
            WHERE b.origin = 'glass' AND a.origin_id IS DISTINCT FROM b.origin_id));
    RETURN NULL;
END $$;
CREATE TRIGGER rbac_binding_origin_changed AFTER UPDATE ON rbac_binding REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION rbac_binding_origin_changed();
"""
NO_ORIGINS = """
DROP TRIGGER rbac_binding_origin_changed ON rbac_binding;
DROP TRIGGER rbac_binding_origin_deleted ON rbac_binding;
DROP FUNCTION rbac_binding_origin_changed();
DROP FUNCTION rbac_binding_origin_deleted();
DROP FUNCTION rbac_binding_origin_over(uuid[], uuid[]);
"""

# Who broke the glass enters the organisation like a member, as long as that lasts. Asked only where no membership is
# found, so that members wait for nothing.
MEMBER_OF = """
CREATE OR REPLACE FUNCTION accounts_member_of(person uuid, wanted uuid, wanted_slug text)
    RETURNS TABLE (id uuid, slug text, name text, state text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT o.id, o.slug::text, o.name::text, o.state::text
    FROM public.accounts_organisation o JOIN public.accounts_membership m ON m.organisation_id = o.id
    WHERE m.user_id = person AND m.state = 'active' AND o.state <> 'closed' AND (o.id = wanted OR o.slug = wanted_slug)
    LIMIT 1;
    {glass}
END $$;
"""
GLASS = """IF NOT FOUND THEN
        RETURN QUERY SELECT o.id, o.slug::text, o.name::text, o.state::text
        FROM public.accounts_organisation o JOIN public.rbac_glass g ON g.organisation_id = o.id
        WHERE g.user_id = person AND g.ended_at IS NULL AND g.expires_at > now() AND o.state <> 'closed'
            AND (o.id = wanted OR o.slug = wanted_slug)
        LIMIT 1;
    END IF;"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_people"),
        ("rbac", "0007_runs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DutyRule",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=80)),
                ("description", models.CharField(blank=True, max_length=300)),
                (
                    "ready",
                    models.CharField(blank=True, help_text="Which ready-made rule it was made from.", max_length=40),
                ),
                ("one_codes", models.JSONField(default=list)),
                ("one_roles", models.JSONField(default=list, help_text="Ids of roles.")),
                ("other_codes", models.JSONField(default=list)),
                ("other_roles", models.JSONField(default=list, help_text="Ids of roles.")),
                ("is_active", models.BooleanField(db_default=True, default=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "db_table": "rbac_duty_rule",
                "indexes": [models.Index(fields=["organisation", "id"], name="rbac_duty_rule_of")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "name"), name="rbac_duty_rule_name", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Elevation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("role_label", models.CharField(max_length=80)),
                ("scope_id", models.UUIDField()),
                ("place", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(max_length=300)),
                ("minutes", models.PositiveIntegerField(help_text="For how long it was asked.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Waits for approval"),
                            ("approved", "Counts now"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Not answered"),
                            ("ended", "Over"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("expires_at", models.DateTimeField(help_text="Until when it can be answered.")),
                ("decided_at", models.DateTimeField(null=True)),
                ("words", models.CharField(blank=True, help_text="What who decided said.", max_length=300)),
                ("until", models.DateTimeField(help_text="When what was approved ends by itself.", null=True)),
                ("binding_id", models.UUIDField(null=True, unique=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="rbac.role"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "rbac_elevation",
                "indexes": [
                    models.Index(fields=["organisation", "asked_at", "id"], name="rbac_elevation_asked"),
                    models.Index(fields=["user", "asked_at", "id"], name="rbac_elevation_user"),
                    models.Index(
                        condition=models.Q(("state__in", ["asked", "approved"])),
                        fields=["state", "expires_at"],
                        name="rbac_elevation_open",
                    ),
                    models.Index(
                        condition=models.Q(("organisation", None)),
                        fields=["asked_at", "id"],
                        name="rbac_elevation_staff",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["asked", "approved"])),
                        fields=("user", "scope_id", "role"),
                        name="rbac_elevation_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            models.Q(("decided_by", models.F("user")), _negated=True),
                            _connector="OR",
                        ),
                        name="rbac_elevation_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state__in", ["approved", "refused", "ended"]),
                            ),
                            models.Q(
                                ("decided_at", None),
                                ("decided_by", None),
                                ("state__in", ["asked", "withdrawn", "expired"]),
                            ),
                            _connector="OR",
                        ),
                        name="rbac_elevation_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("binding_id__isnull", False),
                                ("state__in", ["approved", "ended"]),
                                ("until__isnull", False),
                            ),
                            models.Q(
                                ("binding_id", None),
                                ("state__in", ["asked", "refused", "withdrawn", "expired"]),
                                ("until", None),
                            ),
                            _connector="OR",
                        ),
                        name="rbac_elevation_bound",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("state__in", ["asked", "approved"])),
                            models.Q(
                                ("ended_at__isnull", False), ("state__in", ["refused", "withdrawn", "expired", "ended"])
                            ),
                            _connector="OR",
                        ),
                        name="rbac_elevation_over",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("reason", ""), _negated=True), ("minutes__gt", 0)),
                        name="rbac_elevation_reasoned",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GlassBreak",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("reason", models.CharField(max_length=300)),
                ("started_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("binding_id", models.UUIDField(unique=True)),
                ("note", models.TextField(blank=True, help_text="What was done, told afterwards.", max_length=4000)),
                ("noted_at", models.DateTimeField(null=True)),
                ("reviewed_at", models.DateTimeField(null=True)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[("justified", "Justified"), ("unjustified", "Not justified")],
                        max_length=12,
                    ),
                ),
                ("words", models.CharField(blank=True, help_text="What the reviewer said.", max_length=300)),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "rbac_glass",
                "indexes": [
                    models.Index(fields=["started_at", "id"], name="rbac_glass_started"),
                    models.Index(fields=["organisation", "started_at", "id"], name="rbac_glass_inside"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("user", "organisation"),
                        name="rbac_glass_one_live",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reviewed_by", None),
                            models.Q(("reviewed_by", models.F("user")), _negated=True),
                            _connector="OR",
                        ),
                        name="rbac_glass_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("note", ""), ("noted_at", None)),
                            models.Q(models.Q(("note", ""), _negated=True), ("noted_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="rbac_glass_noted",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at", None), ("reviewed_by", None), ("verdict", "")),
                            models.Q(
                                ("noted_at__isnull", False),
                                ("reviewed_at__isnull", False),
                                ("reviewed_by__isnull", False),
                                models.Q(("verdict", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="rbac_glass_reviewed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="rbac_glass_reasoned"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="binding",
            name="origin",
            field=models.CharField(
                blank=True,
                choices=[("elevation", "elevation"), ("glass", "glass")],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="binding",
            name="origin_id",
            field=models.UUIDField(help_text="What it follows from, and ends with.", null=True),
        ),
        migrations.AddIndex(
            model_name="binding",
            index=models.Index(
                condition=models.Q(("origin_id", None), _negated=True),
                fields=["user", "expires_at"],
                name="rbac_binding_origin",
            ),
        ),
        migrations.AddConstraint(
            model_name="binding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("origin", ""), ("origin_id", None)),
                    models.Q(
                        models.Q(("origin", ""), _negated=True),
                        ("effect", "allow"),
                        ("expires_at__isnull", False),
                        ("origin_id__isnull", False),
                        ("user__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="rbac_binding_origin_ends",
            ),
        ),
        grants.tenant("rbac_elevation", also_nobodys=True),
        grants.tenant("rbac_glass"),
        grants.tenant("rbac_duty_rule", also_nobodys=True),
        migrations.RunSQL(ORIGINS, NO_ORIGINS),
        migrations.RunSQL(RULES, runs.RULES),
        migrations.RunSQL(MEMBER_OF.replace("{glass}", GLASS), MEMBER_OF.replace("{glass}", "")),
    ]
