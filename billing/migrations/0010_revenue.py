"""How far what was billed in advance is earned, and what came of each proof of the documents."""

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

# Only the owner of the tables is let through (migrations, restores); the application never is.
OWNER = "current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)"
KEPT = f"""
CREATE FUNCTION billing_deferral_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['taken', 'base', 'earned', 'from_on', 'until_on'];
BEGIN
    IF {OWNER} THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - moving <> to_jsonb(OLD) - moving OR NEW.until_on < OLD.until_on
            OR abs(NEW.earned) < abs(OLD.earned) OR abs(NEW.taken) < abs(OLD.taken) THEN
        RAISE EXCEPTION 'what is earned of a line only goes forward'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_deferral_kept';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_deferral_kept BEFORE UPDATE OR DELETE ON billing_deferral
    FOR EACH ROW EXECUTE FUNCTION billing_deferral_kept();
"""
# Documents that became final before: what credit notes took of them came out of deferred income.
EARLIER = """
INSERT INTO billing_deferral (id, organisation_id, line_id, customer_id, currency, sandbox, net, taken, base, earned,
    from_on, ends_on, until_on, created_at)
SELECT gen_random_uuid(), l.organisation_id, l.id, i.customer_id, i.currency, i.sandbox, l.net, l.credited_net, 0, 0,
    d.first, greatest(d.last, d.first + 1), CASE WHEN l.net = l.credited_net THEN greatest(d.last, d.first + 1) ELSE d.first END,
    i.issued_at
FROM billing_invoice_line l JOIN billing_invoice i ON i.id = l.invoice_id JOIN billing_customer c ON c.id = i.customer_id
CROSS JOIN LATERAL (SELECT (l.period_start AT TIME ZONE c.time_zone)::date AS first,
    (l.period_end AT TIME ZONE c.time_zone)::date AS last) d
WHERE l.kind IN ('subscription', 'addon', 'proration') AND l.period_end IS NOT NULL AND l.net <> 0
    AND i.state NOT IN ('draft', 'void')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_people"),
        ("billing", "0009_webhooks"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProofRun",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("wrong", models.PositiveIntegerField(help_text="How many differences all checks found.")),
                ("results", models.JSONField(default=list)),
            ],
            options={
                "db_table": "billing_proof_run",
            },
        ),
        migrations.CreateModel(
            name="Deferral",
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
                ("sandbox", models.BooleanField(default=False)),
                ("net", models.BigIntegerField()),
                ("taken", models.BigIntegerField(default=0)),
                ("base", models.BigIntegerField(default=0)),
                ("earned", models.BigIntegerField(default=0)),
                ("from_on", models.DateField()),
                ("ends_on", models.DateField()),
                ("until_on", models.DateField()),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.customer"
                    ),
                ),
                (
                    "line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deferral", to="billing.invoiceline"
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
                "db_table": "billing_deferral",
                "indexes": [
                    models.Index(
                        condition=models.Q(("until_on__lt", models.F("ends_on"))),
                        fields=["until_on"],
                        name="billing_deferral_open",
                    ),
                    models.Index(fields=["customer", "ends_on"], name="billing_deferral_customer"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__gt", models.F("from_on")),
                            ("until_on__gte", models.F("from_on")),
                            ("until_on__lte", models.F("ends_on")),
                        ),
                        name="billing_deferral_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("base__gte", 0),
                                ("earned__gte", models.F("base")),
                                ("net__gt", 0),
                                (
                                    "net__gte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("taken"), "+", models.F("earned")
                                    ),
                                ),
                                ("taken__gte", 0),
                            ),
                            models.Q(
                                ("base__lte", 0),
                                ("earned__lte", models.F("base")),
                                ("net__lt", 0),
                                (
                                    "net__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("taken"), "+", models.F("earned")
                                    ),
                                ),
                                ("taken__lte", 0),
                            ),
                            _connector="OR",
                        ),
                        name="billing_deferral_amounts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until_on__lt", models.F("ends_on")),
                            (
                                "net",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("taken"), "+", models.F("earned")
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="billing_deferral_done",
                    ),
                ],
            },
        ),
        grants.grant("billing_proof_run", grants.APPEND),
        grants.tenant("billing_deferral", "SELECT, INSERT, UPDATE"),
        migrations.RunSQL(EARLIER, migrations.RunSQL.noop),
        migrations.RunSQL(
            KEPT, "DROP TRIGGER billing_deferral_kept ON billing_deferral; DROP FUNCTION billing_deferral_kept()"
        ),
    ]
