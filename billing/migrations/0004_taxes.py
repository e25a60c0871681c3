"""Rates of tax; answers of tax offices; what the database refuses of rates, clocks and customers."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

RATES = """
CREATE FUNCTION billing_tax_rate_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'rates of tax are ended, never deleted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.entity_id, NEW.code) IS DISTINCT FROM (OLD.entity_id, OLD.code) THEN
        RAISE EXCEPTION 'a rate of tax keeps its entity and code' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (
        SELECT FROM billing_tax_rate one
        WHERE one.entity_id = NEW.entity_id AND one.code = NEW.code AND one.id <> NEW.id
            AND daterange(one.valid_from, one.valid_until) && daterange(NEW.valid_from, NEW.valid_until)
    ) THEN
        RAISE EXCEPTION 'two rates of one code at the same time' USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_tax_rate_kept BEFORE INSERT OR UPDATE OR DELETE ON billing_tax_rate
    FOR EACH ROW EXECUTE FUNCTION billing_tax_rate_kept();
"""
CLOCKS = """
CREATE FUNCTION billing_test_clock_forward() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' OR NEW.at < OLD.at OR NEW.organisation_id <> OLD.organisation_id THEN
        RAISE EXCEPTION 'a clock goes forward only and is never deleted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_test_clock_forward BEFORE UPDATE OR DELETE ON billing_test_clock
    FOR EACH ROW EXECUTE FUNCTION billing_test_clock_forward();
"""
CUSTOMERS = """
CREATE FUNCTION billing_customer_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (NEW.currency, NEW.sandbox, NEW.organisation_id) IS DISTINCT FROM (OLD.currency, OLD.sandbox, OLD.organisation_id)
    THEN
        RAISE EXCEPTION 'currency, sandbox and organisation of a customer never change'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.test_clock_id IS NOT NULL AND NEW.test_clock_id IS DISTINCT FROM OLD.test_clock_id THEN
        RAISE EXCEPTION 'a customer keeps its clock: its agreements are dated by it'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_customer_kept BEFORE UPDATE ON billing_customer
    FOR EACH ROW EXECUTE FUNCTION billing_customer_kept();
"""


def _gone(name: str, table: str) -> str:
    return f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();"


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0003_catalogue"),
        ("billing", "0001_customers"),
    ]

    operations = [
        migrations.AddField(
            model_name="taxid",
            name="consultation",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The office's number for its answer: proof that it was asked.",
                max_length=60,
            ),
        ),
        migrations.AddField(
            model_name="testclock",
            name="run_id",
            field=models.UUIDField(help_text="The job that takes it there, or did last.", null=True),
        ),
        migrations.CreateModel(
            name="TaxRate",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("code", models.SlugField(help_text="The same for the rates that follow each other.", max_length=24)),
                ("name", models.CharField(help_text="As printed on documents, such as VAT.", max_length=60)),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{2}\\Z", "Use the two capital letters of ISO 3166, such as DE."
                            )
                        ],
                    ),
                ),
                ("region", models.CharField(blank=True, default="", max_length=10)),
                ("percent", models.DecimalField(decimal_places=4, max_digits=7)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("standard", "Standard"),
                            ("reduced", "Reduced"),
                            ("zero", "Zero"),
                            ("exempt", "Exempt"),
                            ("reverse", "Reverse charge"),
                        ],
                        default="standard",
                        max_length=10,
                    ),
                ),
                ("valid_from", models.DateField()),
                (
                    "valid_until",
                    models.DateField(
                        blank=True, help_text="The first day on which it is no longer in force.", null=True
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True, default="", help_text="Where it is from, and of which day.", max_length=200
                    ),
                ),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tax_rates", to="billing.legalentity"
                    ),
                ),
            ],
            options={
                "db_table": "billing_tax_rate",
                "indexes": [
                    models.Index(fields=["entity", "country", "code", "valid_from"], name="billing_tax_rate_order")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "code", "valid_from"), name="billing_tax_rate_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("valid_until__isnull", True)),
                        fields=("entity", "code"),
                        name="billing_tax_rate_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("percent__gte", 0), ("percent__lte", 100)), name="billing_tax_rate_percent"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("category__in", ["standard", "reduced"]),
                            models.Q(("category__in", ["zero", "exempt", "reverse"]), ("percent", 0)),
                            _connector="OR",
                        ),
                        name="billing_tax_rate_nothing_due",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until__isnull", True), ("valid_until__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="billing_tax_rate_until",
                    ),
                ],
            },
        ),
        migrations.RunSQL(RATES, _gone("billing_tax_rate_kept", "billing_tax_rate")),
        migrations.RunSQL(CLOCKS, _gone("billing_test_clock_forward", "billing_test_clock")),
        migrations.RunSQL(CUSTOMERS, _gone("billing_customer_kept", "billing_customer")),
        grants.grant("billing_tax_rate"),
    ]
