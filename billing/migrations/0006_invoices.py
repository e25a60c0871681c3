"""Invoices, credit notes and their numbers: final documents stay as they are, whoever writes the SQL."""

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants
from portal.kit.lists import search_sql

# Only the owner of the tables is let through (migrations, restores); the application never is.
OWNER = "current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)"
INVOICES = f"""
CREATE FUNCTION billing_invoice_refused(why text, rule text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', why USING ERRCODE = 'check_violation', CONSTRAINT = rule;
END $$;

CREATE FUNCTION billing_invoice_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['state', 'paid', 'credited', 'noted', 'written_off', 'due', 'paid_at', 'voided_at'];
    allowed jsonb := '{{"draft": ["open"], "open": ["paid", "void", "uncollectible"], "uncollectible": ["paid", "void"]}}';
BEGIN
    IF {OWNER} THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' THEN
            PERFORM billing_invoice_refused('a final invoice is never deleted', 'billing_invoice_deleted');
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            PERFORM billing_invoice_refused('an invoice begins as a draft', 'billing_invoice_move');
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND NOT coalesce(allowed -> OLD.state ? NEW.state, false) THEN
        PERFORM billing_invoice_refused(format('an invoice does not go from %s to %s', OLD.state, NEW.state),
            'billing_invoice_move');
    END IF;
    IF (NEW.id, NEW.organisation_id, NEW.customer_id, NEW.entity_id, NEW.currency, NEW.sandbox, NEW.created_at)
            IS DISTINCT FROM (OLD.id, OLD.organisation_id, OLD.customer_id, OLD.entity_id, OLD.currency, OLD.sandbox,
            OLD.created_at) THEN
        PERFORM billing_invoice_refused('an invoice stays with its customer and currency', 'billing_invoice_final');
    END IF;
    IF OLD.state <> 'draft' AND to_jsonb(NEW) - moving <> to_jsonb(OLD) - moving THEN
        PERFORM billing_invoice_refused('a final invoice stays as it is', 'billing_invoice_final');
    END IF;
    IF OLD.state = 'draft' AND NEW.state = 'open' AND (
            NEW.subtotal - NEW.discount <> (SELECT coalesce(sum(net), 0) FROM billing_invoice_line WHERE invoice_id = NEW.id)
            OR NEW.tax <> (SELECT coalesce(sum(amount), 0) FROM billing_invoice_tax WHERE invoice_id = NEW.id)
            OR NEW.tax <> (SELECT coalesce(sum(tax), 0) FROM billing_invoice_line WHERE invoice_id = NEW.id)) THEN
        PERFORM billing_invoice_refused('an invoice is the sum of its lines and taxes', 'billing_invoice_ties');
    END IF;
    IF NEW.state = 'paid' AND OLD.state <> 'paid' AND NEW.total <> NEW.paid + NEW.credited + NEW.written_off THEN
        PERFORM billing_invoice_refused('something is still due', 'billing_invoice_due');
    END IF;
    IF NEW.state = 'void' AND OLD.state <> 'void' AND (NEW.paid, NEW.noted, NEW.written_off) <> (0, 0, 0) THEN
        PERFORM billing_invoice_refused('something was settled', 'billing_invoice_settled_void');
    END IF;
    IF OLD.state = 'void' AND to_jsonb(NEW) - ARRAY['due'] <> to_jsonb(OLD) - ARRAY['due'] THEN
        PERFORM billing_invoice_refused('a void invoice stays as it is', 'billing_invoice_final');
    END IF;
    IF NEW.credited < OLD.credited OR NEW.noted < OLD.noted THEN
        PERFORM billing_invoice_refused('a credit note is never taken back', 'billing_invoice_final');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_invoice_kept BEFORE INSERT OR UPDATE OR DELETE ON billing_invoice
    FOR EACH ROW EXECUTE FUNCTION billing_invoice_kept();

-- Lines and taxes belong to the draft; afterwards only what credit notes took back of a line grows.
CREATE FUNCTION billing_invoice_part_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
    credits text[] := ARRAY['credited_net', 'credited_tax', 'net'];
BEGIN
    IF NOT ({OWNER}) AND NOT EXISTS (SELECT FROM billing_invoice WHERE id = (part ->> 'invoice_id')::uuid
            AND organisation_id = (part ->> 'organisation_id')::uuid AND state = 'draft') THEN
        IF TG_OP <> 'UPDATE' OR TG_TABLE_NAME <> 'billing_invoice_line' THEN
            PERFORM billing_invoice_refused('the parts of a final invoice stay as they are', 'billing_invoice_final');
        ELSIF to_jsonb(NEW) - credits <> to_jsonb(OLD) - credits
                OR (part ->> 'credited_net')::bigint < (to_jsonb(OLD) ->> 'credited_net')::bigint
                OR (part ->> 'credited_tax')::bigint < (to_jsonb(OLD) ->> 'credited_tax')::bigint THEN
            PERFORM billing_invoice_refused('the parts of a final invoice stay as they are', 'billing_invoice_final');
        END IF;
    ELSIF TG_OP = 'UPDATE' AND (to_jsonb(OLD) ->> 'invoice_id') <> (part ->> 'invoice_id') AND NOT ({OWNER}) THEN
        PERFORM billing_invoice_refused('a part stays with its invoice', 'billing_invoice_final');
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER billing_invoice_line_kept BEFORE INSERT OR UPDATE OR DELETE ON billing_invoice_line
    FOR EACH ROW EXECUTE FUNCTION billing_invoice_part_kept();
CREATE TRIGGER billing_invoice_tax_kept BEFORE INSERT OR UPDATE OR DELETE ON billing_invoice_tax
    FOR EACH ROW EXECUTE FUNCTION billing_invoice_part_kept();

-- At commit, whatever organisation the transaction stands in by then: hence with the owner's eyes.
CREATE FUNCTION billing_credit_note_ties() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    note billing_credit_note;
    nets bigint;
    taxes bigint;
BEGIN
    SELECT * INTO note FROM billing_credit_note
        WHERE id = (coalesce(to_jsonb(NEW) ->> 'credit_note_id', to_jsonb(NEW) ->> 'id'))::uuid;
    SELECT coalesce(sum(net), 0), coalesce(sum(tax), 0) INTO nets, taxes FROM billing_credit_note_line
        WHERE credit_note_id = note.id;
    IF note.subtotal <> nets OR note.tax <> taxes
            OR note.tax <> (SELECT coalesce(sum(amount), 0) FROM billing_credit_note_tax WHERE credit_note_id = note.id) THEN
        RAISE EXCEPTION 'a credit note is the sum of its lines and taxes'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_credit_note_ties';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER billing_credit_note_ties AFTER INSERT ON billing_credit_note
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_credit_note_ties();
CREATE CONSTRAINT TRIGGER billing_credit_note_line_ties AFTER INSERT ON billing_credit_note_line
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_credit_note_ties();
CREATE CONSTRAINT TRIGGER billing_credit_note_tax_ties AFTER INSERT ON billing_credit_note_tax
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_credit_note_ties();

CREATE FUNCTION billing_number_series_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT ({OWNER}) AND (NEW.last <> OLD.last + 1 OR to_jsonb(NEW) - 'last' <> to_jsonb(OLD) - 'last') THEN
        RAISE EXCEPTION 'a series of numbers goes on by one'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_number_series_counts';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_number_series_counts BEFORE UPDATE ON billing_number_series
    FOR EACH ROW EXECUTE FUNCTION billing_number_series_counts();

-- Who follows a link stands in no organisation yet: one row for one secret.
CREATE FUNCTION billing_payment_link_by(wanted bytea) RETURNS TABLE (id uuid, organisation_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT id, organisation_id FROM public.billing_payment_link WHERE digest = wanted
$$;
REVOKE ALL ON FUNCTION billing_payment_link_by(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION billing_payment_link_by(bytea) TO steward_app, steward_platform;
"""
UNDO = """
DROP FUNCTION billing_payment_link_by(bytea);
DROP TRIGGER billing_number_series_counts ON billing_number_series; DROP FUNCTION billing_number_series_counts();
DROP TRIGGER billing_credit_note_tax_ties ON billing_credit_note_tax;
DROP TRIGGER billing_credit_note_line_ties ON billing_credit_note_line;
DROP TRIGGER billing_credit_note_ties ON billing_credit_note; DROP FUNCTION billing_credit_note_ties();
DROP TRIGGER billing_invoice_tax_kept ON billing_invoice_tax;
DROP TRIGGER billing_invoice_line_kept ON billing_invoice_line; DROP FUNCTION billing_invoice_part_kept();
DROP TRIGGER billing_invoice_kept ON billing_invoice; DROP FUNCTION billing_invoice_kept();
DROP FUNCTION billing_invoice_refused(text, text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_people"),
        ("billing", "0002_ledger"),
        ("billing", "0004_taxes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invoice",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("sequence", models.PositiveIntegerField(null=True)),
                ("number", models.CharField(max_length=60, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("open", "Open"),
                            ("paid", "Paid"),
                            ("void", "Void"),
                            ("uncollectible", "Uncollectible"),
                        ],
                        default="draft",
                        max_length=14,
                    ),
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
                (
                    "subtotal",
                    models.BigIntegerField(default=0, help_text="Sum of the lines before discounts and taxes."),
                ),
                ("discount", models.BigIntegerField(default=0)),
                ("tax", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField(default=0)),
                ("paid", models.BigIntegerField(default=0)),
                ("credited", models.BigIntegerField(default=0)),
                ("noted", models.BigIntegerField(default=0)),
                ("written_off", models.BigIntegerField(default=0)),
                (
                    "due",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(state="void", then=models.Value(0)),
                            default=django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("total"), "-", models.F("paid")
                                    ),
                                    "-",
                                    models.F("credited"),
                                ),
                                "-",
                                models.F("written_off"),
                            ),
                        ),
                        output_field=models.BigIntegerField(),
                    ),
                ),
                ("key", models.CharField(max_length=200, null=True, unique=True)),
                ("subscription_id", models.UUIDField(null=True)),
                ("period_start", models.DateTimeField(null=True)),
                ("period_end", models.DateTimeField(null=True)),
                (
                    "collect",
                    models.BooleanField(
                        default=True, help_text="Whether it is collected automatically once it is final."
                    ),
                ),
                ("coupons", models.JSONField(default=list)),
                ("memo", models.CharField(blank=True, default="", max_length=500)),
                ("seller", models.JSONField(default=dict)),
                ("buyer", models.JSONField(default=dict)),
                (
                    "notes",
                    models.JSONField(default=list, help_text="Sentences that the law wants, frozen with the document."),
                ),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("issued_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                (
                    "journal_id",
                    models.UUIDField(help_text="The journal that posted it; None: it moved no money.", null=True),
                ),
                ("paid_at", models.DateTimeField(null=True)),
                ("voided_at", models.DateTimeField(null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invoices", to="billing.customer"
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.legalentity"
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
                "db_table": "billing_invoice",
            },
        ),
        migrations.CreateModel(
            name="CreditNote",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("sequence", models.PositiveIntegerField()),
                ("number", models.CharField(max_length=60)),
                ("key", models.CharField(max_length=200, unique=True)),
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
                (
                    "destination",
                    models.CharField(
                        choices=[("open", "Open amount"), ("balance", "Customer balance"), ("refund", "Refund")],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("subtotal", models.BigIntegerField()),
                ("tax", models.BigIntegerField()),
                ("total", models.BigIntegerField()),
                ("applied", models.BigIntegerField(default=0)),
                ("seller", models.JSONField(default=dict)),
                ("buyer", models.JSONField(default=dict)),
                ("notes", models.JSONField(default=list)),
                ("invoice_number", models.CharField(max_length=60)),
                ("journal_id", models.UUIDField()),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("issued_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="credit_notes", to="billing.customer"
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.legalentity"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="credit_notes", to="billing.invoice"
                    ),
                ),
            ],
            options={
                "db_table": "billing_credit_note",
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("key", models.CharField(help_text="Unique within the invoice.", max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("subscription", "Subscription"),
                            ("usage", "Usage"),
                            ("addon", "Add-on"),
                            ("proration", "Change"),
                            ("minimum", "Minimum"),
                            ("one_off", "One-off"),
                        ],
                        max_length=12,
                    ),
                ),
                ("description", models.CharField(max_length=300)),
                ("quantity", models.DecimalField(decimal_places=9, default=1, max_digits=24)),
                (
                    "unit_amount",
                    models.DecimalField(decimal_places=9, help_text="In minor units.", max_digits=24, null=True),
                ),
                ("amount", models.BigIntegerField()),
                ("discount", models.BigIntegerField(default=0)),
                (
                    "net",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("amount"), "-", models.F("discount")
                        ),
                        output_field=models.BigIntegerField(),
                    ),
                ),
                ("tax", models.BigIntegerField(default=0)),
                ("tax_category", models.CharField(default="standard", max_length=10)),
                ("discountable", models.BooleanField(default=True)),
                ("credited_net", models.BigIntegerField(default=0)),
                ("credited_tax", models.BigIntegerField(default=0)),
                ("period_start", models.DateTimeField(null=True)),
                ("period_end", models.DateTimeField(null=True)),
                ("item_id", models.UUIDField(null=True)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="billing.invoice"
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
                "db_table": "billing_invoice_line",
                "indexes": [
                    models.Index(fields=["item_id", "period_start"], name="billing_invoice_line_item"),
                    models.Index(fields=["organisation", "invoice"], name="billing_invoice_line_org"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("invoice", "position"), name="billing_invoice_line_position"),
                    models.UniqueConstraint(fields=("invoice", "key"), name="billing_invoice_line_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["subscription", "usage", "addon", "proration", "minimum", "one_off"])
                        ),
                        name="billing_invoice_line_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("discount", 0),
                            models.Q(("discount__gte", 0), ("discount__lte", models.F("amount"))),
                            _connector="OR",
                        ),
                        name="billing_invoice_line_discount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("credited_net", 0), ("credited_tax", 0)),
                            models.Q(
                                ("credited_net__gte", 0),
                                (
                                    "credited_net__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount"), "-", models.F("discount")
                                    ),
                                ),
                                ("credited_tax__gte", 0),
                                ("credited_tax__lte", models.F("tax")),
                            ),
                            _connector="OR",
                        ),
                        name="billing_invoice_line_credited",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("period_end__isnull", True), ("period_start__isnull", True)),
                            ("period_end__gt", models.F("period_start")),
                            _connector="OR",
                        ),
                        name="billing_invoice_line_period",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditNoteLine",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("description", models.CharField(max_length=300)),
                ("net", models.BigIntegerField()),
                ("tax", models.BigIntegerField()),
                (
                    "credit_note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="billing.creditnote"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="credits", to="billing.invoiceline"
                    ),
                ),
            ],
            options={
                "db_table": "billing_credit_note_line",
                "constraints": [
                    models.UniqueConstraint(fields=("credit_note", "line"), name="billing_credit_note_line_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("net__gte", 0), ("tax__gte", 0), models.Q(("net", 0), ("tax", 0), _negated=True)
                        ),
                        name="billing_credit_note_line_some",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceTax",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=80)),
                ("percent", models.DecimalField(decimal_places=4, max_digits=7)),
                ("category", models.CharField(default="standard", max_length=10)),
                ("base", models.BigIntegerField()),
                ("amount", models.BigIntegerField()),
                ("parts", models.JSONField(default=dict, help_text="Amount by the key of each line.")),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="taxes", to="billing.invoice"
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
                "db_table": "billing_invoice_tax",
                "constraints": [
                    models.UniqueConstraint(fields=("invoice", "position"), name="billing_invoice_tax_position")
                ],
            },
        ),
        migrations.CreateModel(
            name="NumberSeries",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(choices=[("invoice", "Invoices"), ("credit_note", "Credit notes")], max_length=12),
                ),
                ("customer_id", models.UUIDField(help_text="None: of the entity and year.", null=True)),
                (
                    "year",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="0: of a customer, whose numbers run through."
                    ),
                ),
                ("sandbox", models.BooleanField(default=False)),
                (
                    "prefix",
                    models.CharField(
                        help_text="What stands before the number, as it was when the series began.", max_length=40
                    ),
                ),
                ("first", models.PositiveIntegerField(default=1)),
                ("last", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.legalentity"
                    ),
                ),
            ],
            options={
                "db_table": "billing_number_series",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "kind", "customer_id", "year", "sandbox"),
                        name="billing_number_series_once",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(fields=("entity", "prefix"), name="billing_number_series_prefix"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["invoice", "credit_note"])), name="billing_number_series_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "last__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("first"), "-", models.Value(1)
                                ),
                            )
                        ),
                        name="billing_number_series_last",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="invoice",
            name="series",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.numberseries"
            ),
        ),
        migrations.AddField(
            model_name="creditnote",
            name="series",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.numberseries"
            ),
        ),
        migrations.CreateModel(
            name="PaymentLink",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("expires_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links", to="billing.invoice"
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
                "db_table": "billing_payment_link",
                "indexes": [models.Index(fields=["invoice", "id"], name="billing_payment_link_invoice")],
            },
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("key", models.CharField(max_length=200, unique=True)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("payment", "Payment"),
                            ("credit", "Credit"),
                            ("wallet", "Prepaid balance"),
                            ("write_off", "Written off"),
                        ],
                        max_length=10,
                    ),
                ),
                ("amount", models.BigIntegerField()),
                (
                    "account",
                    models.CharField(help_text="Path of the ledger account that the amount came from.", max_length=200),
                ),
                ("journal_id", models.UUIDField()),
                ("event_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="settlements", to="billing.invoice"
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
                "db_table": "billing_settlement",
                "indexes": [models.Index(fields=["invoice", "event_at", "id"], name="billing_settlement_invoice")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True), name="billing_settlement_amount"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source__in", ["payment", "credit", "wallet", "write_off"])),
                        name="billing_settlement_source",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditNoteTax",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=80)),
                ("percent", models.DecimalField(decimal_places=4, max_digits=7)),
                ("category", models.CharField(default="standard", max_length=10)),
                ("base", models.BigIntegerField()),
                ("amount", models.BigIntegerField()),
                (
                    "parts",
                    models.JSONField(default=dict, help_text="Amount by the key of each line of the invoice."),
                ),
                (
                    "credit_note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="taxes", to="billing.creditnote"
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
                "db_table": "billing_credit_note_tax",
                "constraints": [
                    models.UniqueConstraint(fields=("credit_note", "position"), name="billing_credit_note_tax_position")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["organisation", "created_at", "id"], name="billing_invoice_organisation"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["customer", "issued_at", "id"], name="billing_invoice_customer"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["created_at", "id"], name="billing_invoice_created"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["state", "created_at", "id"], name="billing_invoice_state_at"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("due__gt", 0)), fields=["due_at", "id"], name="billing_invoice_owed"
            ),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("subscription_id__isnull", False)),
                fields=["subscription_id"],
                name="billing_invoice_subscript",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "open", "paid", "void", "uncollectible"])),
                name="billing_invoice_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("issued_at__isnull", True),
                        ("number__isnull", True),
                        ("sequence__isnull", True),
                        ("series__isnull", True),
                        ("state", "draft"),
                    ),
                    models.Q(
                        models.Q(("state", "draft"), _negated=True),
                        ("due_at__isnull", False),
                        ("issued_at__isnull", False),
                        ("number__isnull", False),
                        ("sequence__isnull", False),
                        ("series__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="billing_invoice_numbered",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("subtotal"), "-", models.F("discount")
                            ),
                            "+",
                            models.F("tax"),
                        ),
                    )
                ),
                name="billing_invoice_sum",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("credited__gte", 0),
                        ("noted__gte", models.F("credited")),
                        ("noted__lte", models.F("total")),
                        ("paid__gte", 0),
                        (
                            "total__gte",
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("paid"), "+", models.F("credited")
                                ),
                                "+",
                                models.F("written_off"),
                            ),
                        ),
                        ("written_off__gte", 0),
                    ),
                    models.Q(
                        ("credited", 0),
                        ("noted", 0),
                        ("paid__gte", models.F("total")),
                        ("paid__lte", 0),
                        ("total__lt", 0),
                        ("written_off", 0),
                    ),
                    _connector="OR",
                ),
                name="billing_invoice_settled",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("period_end__isnull", True), ("period_start__isnull", True)),
                    ("period_end__gt", models.F("period_start")),
                    _connector="OR",
                ),
                name="billing_invoice_period",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(fields=("entity", "number"), name="billing_invoice_number"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(fields=("series", "sequence"), name="billing_invoice_sequence"),
        ),
        migrations.AddIndex(
            model_name="creditnote",
            index=models.Index(fields=["organisation", "created_at", "id"], name="billing_credit_note_org"),
        ),
        migrations.AddIndex(
            model_name="creditnote",
            index=models.Index(fields=["created_at", "id"], name="billing_credit_note_created"),
        ),
        migrations.AddIndex(
            model_name="creditnote",
            index=models.Index(fields=["invoice", "id"], name="billing_credit_note_invoice"),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(("destination__in", ["open", "balance", "refund"])), name="billing_credit_note_to"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("tax__gte", 0),
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(models.F("subtotal"), "+", models.F("tax")),
                    ),
                    ("total__gt", 0),
                ),
                name="billing_credit_note_sum",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(("applied__gte", 0), ("applied__lte", models.F("total"))),
                name="billing_credit_note_applied",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.UniqueConstraint(fields=("entity", "number"), name="billing_credit_note_number"),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.UniqueConstraint(fields=("series", "sequence"), name="billing_credit_note_sequence"),
        ),
        grants.grant("billing_number_series", "SELECT, INSERT, UPDATE"),
        grants.tenant("billing_invoice"),
        grants.tenant("billing_invoice_line"),
        grants.tenant("billing_invoice_tax"),
        *(
            grants.tenant(table, grants.APPEND)
            for table in (
                "billing_settlement",
                "billing_credit_note",
                "billing_credit_note_line",
                "billing_credit_note_tax",
            )
        ),
        grants.tenant("billing_payment_link", "SELECT, INSERT, UPDATE"),
        migrations.RunSQL(INVOICES, UNDO),
        search_sql.index("billing_invoice", "invoice", ("number", "memo"), tenant=True),
        search_sql.index("billing_credit_note", "credit_note", ("number", "invoice_number"), tenant=True),
    ]
