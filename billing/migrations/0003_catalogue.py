"""What is sold. A published version and all that hangs on it never change; what prices stand on does not either."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import billing.models.catalogue
import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

# Archived, never deleted.
KEPT = "SELECT, INSERT, UPDATE"

STAYS = """
CREATE FUNCTION billing_columns_stay() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY TG_ARGV LOOP
        IF to_jsonb(OLD) -> name IS DISTINCT FROM to_jsonb(NEW) -> name THEN
            RAISE EXCEPTION '% of % stays as it is', name, TG_TABLE_NAME
                USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_stays';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
"""


def stays(table: str, *columns: str) -> migrations.RunSQL:
    """Nobody changes these columns of a row."""
    named = ", ".join(f"'{column}'" for column in columns)
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION billing_columns_stay({named})",
        f"DROP TRIGGER {table}_stays ON {table}",
    )


MOVES = """
CREATE FUNCTION billing_plan_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (('draft', 'active'), ('draft', 'archived'), ('active', 'archived'),
        ('archived', 'active'), ('archived', 'draft')) THEN
        RAISE EXCEPTION 'a plan does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_plan_moves';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_plan_moves BEFORE UPDATE OF state ON billing_plan FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION billing_plan_moves();
"""

# What hangs on a version asks for its state under a shared lock: whoever publishes meanwhile is waited for.
VERSIONS = """
CREATE FUNCTION billing_plan_version_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'a published version stays as it is'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_plan_version_kept';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER billing_plan_version_kept BEFORE UPDATE OR DELETE ON billing_plan_version
    FOR EACH ROW EXECUTE FUNCTION billing_plan_version_kept();

CREATE FUNCTION billing_version_draft(version uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    published timestamptz;
BEGIN
    SELECT published_at INTO published FROM billing_plan_version WHERE id = version FOR SHARE;
    IF published IS NOT NULL THEN
        RAISE EXCEPTION 'a published version stays as it is'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_plan_version_kept';
    END IF;
END $$;
CREATE FUNCTION billing_version_part_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM billing_version_draft(OLD.plan_version_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM billing_version_draft(NEW.plan_version_id);
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE FUNCTION billing_price_part_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM billing_version_draft((SELECT plan_version_id FROM billing_price WHERE id = OLD.price_id));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM billing_version_draft((SELECT plan_version_id FROM billing_price WHERE id = NEW.price_id));
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER billing_price_kept BEFORE INSERT OR UPDATE OR DELETE ON billing_price
    FOR EACH ROW EXECUTE FUNCTION billing_version_part_kept();
CREATE TRIGGER billing_plan_minimum_kept BEFORE INSERT OR UPDATE OR DELETE ON billing_plan_minimum
    FOR EACH ROW EXECUTE FUNCTION billing_version_part_kept();
CREATE TRIGGER billing_entitlement_kept BEFORE INSERT OR UPDATE OR DELETE ON billing_entitlement
    FOR EACH ROW EXECUTE FUNCTION billing_version_part_kept();
CREATE TRIGGER billing_price_tier_kept BEFORE INSERT OR UPDATE OR DELETE ON billing_price_tier
    FOR EACH ROW EXECUTE FUNCTION billing_price_part_kept();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_ledger"),
        ("billing", "0001_customers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Plan",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z0-9][a-z0-9_.-]*\\Z",
                                "Use lower-case letters, digits, hyphens, dots and underscores.",
                            )
                        ],
                    ),
                ),
                (
                    "family",
                    models.CharField(
                        help_text="The code of its card.",
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z0-9][a-z0-9_.-]*\\Z",
                                "Use lower-case letters, digits, hyphens, dots and underscores.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("description", models.CharField(blank=True, default="", max_length=300)),
                (
                    "kind",
                    models.CharField(choices=[("base", "Plan"), ("addon", "Add-on")], default="base", max_length=6),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("active", "Active"), ("archived", "Archived")],
                        default="draft",
                        max_length=8,
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[("public", "Everybody"), ("hidden", "Staff only")], default="public", max_length=6
                    ),
                ),
                (
                    "position",
                    models.PositiveIntegerField(default=0, help_text="Its place in the plan picker, from the left."),
                ),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
            ],
            options={
                "db_table": "billing_plan",
            },
        ),
        migrations.CreateModel(
            name="Coupon",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "code",
                    models.CharField(
                        help_text="Capital letters.",
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z0-9][A-Z0-9_-]{2,39}\\Z", "Use 3 to 40 capital letters, digits and hyphens."
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(help_text="As documents call it.", max_length=80)),
                ("percent_off", models.DecimalField(blank=True, decimal_places=4, max_digits=7, null=True)),
                ("amount_off", models.BigIntegerField(blank=True, help_text="Minor units of `currency`.", null=True)),
                (
                    "currency",
                    models.CharField(
                        blank=True, default="", help_text="Of `amount_off`; empty for a share.", max_length=3
                    ),
                ),
                (
                    "duration",
                    models.CharField(
                        choices=[("once", "Once"), ("repeating", "For some periods"), ("forever", "For ever")],
                        default="once",
                        max_length=9,
                    ),
                ),
                (
                    "repeats",
                    models.PositiveSmallIntegerField(blank=True, help_text="Periods, where it is for some.", null=True),
                ),
                ("redeem_by", models.DateTimeField(blank=True, null=True)),
                ("max_redemptions", models.PositiveIntegerField(blank=True, null=True)),
                ("redeemed", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "billing_coupon",
                "indexes": [models.Index(fields=["created_at", "id"], name="billing_coupon_created")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount_off", None),
                                ("currency", ""),
                                ("percent_off__gt", 0),
                                ("percent_off__isnull", False),
                                ("percent_off__lte", 100),
                            ),
                            models.Q(
                                ("amount_off__gt", 0),
                                ("amount_off__isnull", False),
                                ("percent_off", None),
                                models.Q(("currency", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="billing_coupon_off",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("duration", "repeating"), ("repeats__gte", 1), ("repeats__isnull", False)),
                            models.Q(("duration__in", ["once", "forever"]), ("repeats", None)),
                            _connector="OR",
                        ),
                        name="billing_coupon_duration",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("max_redemptions", None), ("redeemed__lte", models.F("max_redemptions")), _connector="OR"
                        ),
                        name="billing_coupon_redemptions",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Meter",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=60,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z0-9][a-z0-9_.-]*\\Z",
                                "Use lower-case letters, digits, hyphens, dots and underscores.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                (
                    "unit",
                    models.CharField(
                        blank=True, default="", help_text="What one of it is called: call, GB.", max_length=30
                    ),
                ),
                (
                    "aggregation",
                    models.CharField(
                        choices=[
                            ("count", "Number of events"),
                            ("sum", "Sum of quantities"),
                            ("max", "Largest quantity"),
                            ("unique", "Different values of a property"),
                            ("last", "Last quantity"),
                        ],
                        default="sum",
                        max_length=6,
                    ),
                ),
                (
                    "property",
                    models.CharField(
                        blank=True, default="", help_text="Of which `unique` counts the values.", max_length=60
                    ),
                ),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "billing_meter",
                "indexes": [models.Index(fields=["name", "id"], name="billing_meter_name")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("aggregation__in", ["count", "sum", "max", "unique", "last"])),
                        name="billing_meter_aggregation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("aggregation", "unique"), models.Q(("property", ""), _negated=True)),
                            models.Q(models.Q(("aggregation", "unique"), _negated=True), ("property", "")),
                            _connector="OR",
                        ),
                        name="billing_meter_property",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Feature",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=60,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z0-9][a-z0-9_.-]*\\Z",
                                "Use lower-case letters, digits, hyphens, dots and underscores.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("description", models.CharField(blank=True, default="", max_length=300)),
                (
                    "kind",
                    models.CharField(
                        choices=[("switch", "Switch"), ("limit", "Limit")], default="switch", max_length=6
                    ),
                ),
                ("unit", models.CharField(blank=True, default="", max_length=30)),
                (
                    "position",
                    models.PositiveIntegerField(default=0, help_text="Its place on the cards of plans, from the top."),
                ),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "meter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="features",
                        to="billing.meter",
                    ),
                ),
            ],
            options={
                "db_table": "billing_feature",
                "indexes": [models.Index(fields=["position", "id"], name="billing_feature_position")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "limit"), models.Q(("kind", "switch"), ("meter", None)), _connector="OR"
                        ),
                        name="billing_feature_kind",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CouponPlan",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "coupon",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="plans", to="billing.coupon"
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.plan"),
                ),
            ],
            options={
                "db_table": "billing_coupon_plan",
                "constraints": [models.UniqueConstraint(fields=("coupon", "plan"), name="billing_coupon_plan_once")],
            },
        ),
        migrations.CreateModel(
            name="PlanVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "published_at",
                    models.DateTimeField(blank=True, help_text="Since when it is sold; None: a draft.", null=True),
                ),
                (
                    "interval_unit",
                    models.CharField(
                        choices=[("day", "Day"), ("week", "Week"), ("month", "Month"), ("year", "Year")],
                        default="month",
                        max_length=5,
                    ),
                ),
                ("interval_count", models.PositiveSmallIntegerField(default=1)),
                (
                    "billing",
                    models.CharField(
                        choices=[("advance", "In advance"), ("arrears", "In arrears")], default="advance", max_length=7
                    ),
                ),
                (
                    "anchor",
                    models.CharField(
                        choices=[("calendar", "First day of the calendar period"), ("anniversary", "Day of the start")],
                        default="anniversary",
                        max_length=11,
                    ),
                ),
                (
                    "proration",
                    models.CharField(
                        choices=[
                            ("day_counts", "Days, the last day counts"),
                            ("day_ratio", "Days, the last day does not count"),
                            ("seconds", "Seconds"),
                        ],
                        default="day_ratio",
                        max_length=10,
                    ),
                ),
                (
                    "fixed_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="30: every month counts 30 days; None: as the calendar has them.",
                        null=True,
                    ),
                ),
                ("trial_days", models.PositiveSmallIntegerField(default=0)),
                (
                    "on_upgrade",
                    models.CharField(
                        choices=[("now", "At once"), ("period_end", "At the end of the period")],
                        default="now",
                        max_length=10,
                    ),
                ),
                (
                    "on_downgrade",
                    models.CharField(
                        choices=[("now", "At once"), ("period_end", "At the end of the period")],
                        default="period_end",
                        max_length=10,
                    ),
                ),
                ("dunning", models.JSONField(default=billing.models.catalogue.default_dunning)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="billing.plan"
                    ),
                ),
            ],
            options={
                "db_table": "billing_plan_version",
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "number"), name="billing_plan_version_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("published_at", None)),
                        fields=("plan",),
                        name="billing_plan_version_one_draft",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("interval_count__range", (1, 366)), ("interval_unit__in", ["day", "week", "month", "year"])
                        ),
                        name="billing_plan_version_interval",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("billing__in", ["advance", "arrears"])), name="billing_plan_version_billing"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("anchor__in", ["calendar", "anniversary"])),
                        name="billing_plan_version_anchor",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("proration__in", ["day_counts", "day_ratio", "seconds"])),
                        name="billing_plan_version_proration",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("fixed_days", None),
                            models.Q(
                                ("fixed_days", 30),
                                ("interval_unit__in", ["month", "year"]),
                                ("proration__in", ["day_counts", "day_ratio"]),
                            ),
                            _connector="OR",
                        ),
                        name="billing_plan_version_fixed_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("on_downgrade__in", ["now", "period_end"]), ("on_upgrade__in", ["now", "period_end"])
                        ),
                        name="billing_plan_version_changes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("trial_days__range", (0, 730))), name="billing_plan_version_trial"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanMinimum",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "currency",
                    models.CharField(
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{3}\\Z", "Use the three capital letters of ISO 4217, such as EUR."
                            )
                        ],
                    ),
                ),
                ("amount", models.BigIntegerField(help_text="Minor units.")),
                (
                    "plan_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="minimums", to="billing.planversion"
                    ),
                ),
            ],
            options={
                "db_table": "billing_plan_minimum",
                "constraints": [
                    models.UniqueConstraint(fields=("plan_version", "currency"), name="billing_plan_minimum_once"),
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="billing_plan_minimum_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Entitlement",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("soft_limit", models.BigIntegerField(blank=True, null=True)),
                ("hard_limit", models.BigIntegerField(blank=True, null=True)),
                (
                    "feature",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entitlements", to="billing.feature"
                    ),
                ),
                (
                    "plan_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entitlements",
                        to="billing.planversion",
                    ),
                ),
            ],
            options={
                "db_table": "billing_entitlement",
                "constraints": [
                    models.UniqueConstraint(fields=("plan_version", "feature"), name="billing_entitlement_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("soft_limit", None), ("soft_limit__gte", 0), _connector="OR"),
                            models.Q(("hard_limit", None), ("hard_limit__gte", 0), _connector="OR"),
                            models.Q(
                                ("soft_limit", None),
                                ("hard_limit", None),
                                ("soft_limit__lte", models.F("hard_limit")),
                                _connector="OR",
                            ),
                        ),
                        name="billing_entitlement_limits",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z0-9][a-z0-9_.-]*\\Z",
                                "Use lower-case letters, digits, hyphens, dots and underscores.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(help_text="As documents call it.", max_length=80)),
                (
                    "currency",
                    models.CharField(
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{3}\\Z", "Use the three capital letters of ISO 4217, such as EUR."
                            )
                        ],
                    ),
                ),
                (
                    "model",
                    models.CharField(
                        choices=[
                            ("flat", "Flat fee"),
                            ("per_seat", "Per seat or unit"),
                            ("graduated", "Graduated tiers"),
                            ("volume", "Volume tiers"),
                            ("package", "Packages"),
                            ("percentage", "Percentage"),
                        ],
                        default="flat",
                        max_length=10,
                    ),
                ),
                (
                    "unit_amount",
                    models.DecimalField(
                        decimal_places=12,
                        default=0,
                        help_text="Minor units: the fee, of a seat, of a package, or of each event of a percentage.",
                        max_digits=27,
                    ),
                ),
                ("package_size", models.DecimalField(blank=True, decimal_places=6, max_digits=24, null=True)),
                (
                    "free_units",
                    models.DecimalField(
                        decimal_places=6,
                        default=0,
                        help_text="Units of a package price that cost nothing.",
                        max_digits=24,
                    ),
                ),
                ("percent", models.DecimalField(blank=True, decimal_places=4, max_digits=7, null=True)),
                (
                    "free_amount",
                    models.DecimalField(
                        decimal_places=12,
                        default=0,
                        help_text="Minor units that a percentage leaves out.",
                        max_digits=27,
                    ),
                ),
                (
                    "charge_zero",
                    models.BooleanField(
                        default=True, help_text="Whether the flat fee of the first tier is due without any use."
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "meter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prices",
                        to="billing.meter",
                    ),
                ),
                (
                    "plan_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="prices", to="billing.planversion"
                    ),
                ),
            ],
            options={
                "db_table": "billing_price",
                "ordering": ["position", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("plan_version", "currency", "code"), name="billing_price_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("model__in", ["flat", "per_seat", "graduated", "volume", "package", "percentage"])
                        ),
                        name="billing_price_model",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("free_amount__gte", 0), ("free_units__gte", 0), ("unit_amount__gte", 0)),
                        name="billing_price_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("model", "flat"), _negated=True), ("meter", None), _connector="OR"
                        ),
                        name="billing_price_flat_without_meter",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("model", "package"), ("package_size__gt", 0), ("package_size__isnull", False)),
                            models.Q(
                                models.Q(("model", "package"), _negated=True), ("free_units", 0), ("package_size", None)
                            ),
                            _connector="OR",
                        ),
                        name="billing_price_package",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("meter__isnull", False),
                                ("model", "percentage"),
                                ("percent__isnull", False),
                                ("percent__range", (0, 100)),
                            ),
                            models.Q(
                                models.Q(("model", "percentage"), _negated=True), ("free_amount", 0), ("percent", None)
                            ),
                            _connector="OR",
                        ),
                        name="billing_price_percentage",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceTier",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("up_to", models.DecimalField(blank=True, decimal_places=6, max_digits=24, null=True)),
                ("unit_amount", models.DecimalField(decimal_places=12, default=0, max_digits=27)),
                ("flat_amount", models.DecimalField(decimal_places=12, default=0, max_digits=27)),
                (
                    "price",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tiers", to="billing.price"
                    ),
                ),
            ],
            options={
                "db_table": "billing_price_tier",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("price", "position"), name="billing_price_tier_position"),
                    models.UniqueConstraint(
                        condition=models.Q(("up_to", None)), fields=("price",), name="billing_price_tier_one_open"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("flat_amount__gte", 0),
                            ("unit_amount__gte", 0),
                            models.Q(("up_to", None), ("up_to__gt", 0), _connector="OR"),
                        ),
                        name="billing_price_tier_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z0-9][a-z0-9_.-]*\\Z",
                                "Use lower-case letters, digits, hyphens, dots and underscores.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("description", models.CharField(blank=True, default="", max_length=300)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "billing_product",
                "indexes": [models.Index(fields=["name", "id"], name="billing_product_name")],
            },
        ),
        migrations.AddField(
            model_name="plan",
            name="product",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="plans", to="billing.product"
            ),
        ),
        migrations.AddIndex(
            model_name="plan",
            index=models.Index(fields=["position", "id"], name="billing_plan_position"),
        ),
        migrations.AddIndex(
            model_name="plan",
            index=models.Index(fields=["name", "id"], name="billing_plan_name"),
        ),
        migrations.AddIndex(
            model_name="plan",
            index=models.Index(fields=["created_at", "id"], name="billing_plan_created"),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["base", "addon"])), name="billing_plan_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "active", "archived"])), name="billing_plan_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("visibility__in", ["public", "hidden"])), name="billing_plan_visibility"
            ),
        ),
        *(
            grants.grant(table, KEPT)
            for table in ("billing_product", "billing_plan", "billing_meter", "billing_feature", "billing_coupon")
        ),
        *(
            grants.grant(table)
            for table in (
                "billing_plan_version",
                "billing_price",
                "billing_price_tier",
                "billing_plan_minimum",
                "billing_entitlement",
                "billing_coupon_plan",
            )
        ),
        migrations.RunSQL(STAYS, "DROP FUNCTION billing_columns_stay()"),
        stays("billing_product", "id", "code", "created_at"),
        stays("billing_plan", "id", "code", "kind", "product_id", "created_at"),
        stays("billing_plan_version", "id", "plan_id", "number", "created_at"),
        stays("billing_meter", "id", "code", "aggregation", "property", "created_at"),
        stays("billing_feature", "id", "code", "kind", "meter_id", "created_at"),
        stays(
            "billing_coupon", "id", "code", "percent_off", "amount_off", "currency", "duration", "repeats", "created_at"
        ),
        migrations.RunSQL(MOVES, "DROP TRIGGER billing_plan_moves ON billing_plan; DROP FUNCTION billing_plan_moves()"),
        migrations.RunSQL(
            VERSIONS,
            """
            DROP TRIGGER billing_price_tier_kept ON billing_price_tier;
            DROP TRIGGER billing_entitlement_kept ON billing_entitlement;
            DROP TRIGGER billing_plan_minimum_kept ON billing_plan_minimum;
            DROP TRIGGER billing_price_kept ON billing_price;
            DROP TRIGGER billing_plan_version_kept ON billing_plan_version;
            DROP FUNCTION billing_price_part_kept();
            DROP FUNCTION billing_version_part_kept();
            DROP FUNCTION billing_version_draft(uuid);
            DROP FUNCTION billing_plan_version_kept();
            """,
        ),
    ]
