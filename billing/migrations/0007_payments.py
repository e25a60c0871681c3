"""Payments, what providers tell of them, and reminders: moves of state and immutable facts are kept by triggers."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

# Which state follows which. A failure may be followed by a late authorisation, the one step back (H09).
MOVES = """
CREATE FUNCTION billing_payment_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['state', 'provider_ref', 'checkout_ref', 'method_id', 'applied', 'fee', 'refunded', 'disputed',
        'failure_code', 'failure_text', 'flag', 'event_at', 'changed_at'];
BEGIN
    IF to_jsonb(NEW) - free <> to_jsonb(OLD) - free THEN
        RAISE EXCEPTION 'amount and parties of a payment stay as they are' USING ERRCODE = 'check_violation';
    END IF;
    IF (OLD.provider_ref <> '' AND NEW.provider_ref <> OLD.provider_ref)
        OR (OLD.checkout_ref <> '' AND NEW.checkout_ref <> OLD.checkout_ref) THEN
        RAISE EXCEPTION 'the id of a payment at its provider stays as it is' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state = ANY (ARRAY[
        'created>pending', 'created>authorised', 'created>succeeded', 'created>failed', 'created>cancelled',
        'pending>authorised', 'pending>succeeded', 'pending>failed', 'pending>cancelled',
        'authorised>succeeded', 'authorised>failed', 'authorised>cancelled', 'failed>authorised'])) THEN
        RAISE EXCEPTION 'a payment does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_payment_kept BEFORE UPDATE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION billing_payment_kept();

CREATE FUNCTION billing_refund_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['state', 'provider_ref', 'credit_note_id', 'failure_text', 'settled_at'];
BEGIN
    IF to_jsonb(NEW) - free <> to_jsonb(OLD) - free OR OLD.state IN ('succeeded', 'failed') THEN
        RAISE EXCEPTION 'a refund stays as it is' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_refund_kept BEFORE UPDATE ON billing_refund
    FOR EACH ROW EXECUTE FUNCTION billing_refund_kept();

CREATE FUNCTION billing_dispute_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['state', 'fee', 'closed_at'];
BEGIN
    IF to_jsonb(NEW) - free <> to_jsonb(OLD) - free OR OLD.state <> 'open' THEN
        RAISE EXCEPTION 'a dispute stays as it is' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_dispute_kept BEFORE UPDATE ON billing_dispute
    FOR EACH ROW EXECUTE FUNCTION billing_dispute_kept();

CREATE FUNCTION billing_provider_event_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.body <> OLD.body OR NEW.headers <> OLD.headers OR NEW.account_id <> OLD.account_id
        OR NEW.event_ref <> OLD.event_ref OR NEW.kind <> OLD.kind OR NEW.received_at <> OLD.received_at THEN
        RAISE EXCEPTION 'what a provider sent stays as it came' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_provider_event_kept BEFORE UPDATE ON billing_provider_event
    FOR EACH ROW EXECUTE FUNCTION billing_provider_event_kept();
"""
UNDO = "; ".join(
    f"DROP TRIGGER {name}_kept ON {name}; DROP FUNCTION {name}_kept()"
    for name in ("billing_provider_event", "billing_dispute", "billing_refund", "billing_payment")
)
# Nothing that tells of money is ever deleted.
KEPT = "SELECT, INSERT, UPDATE"
TENANT = (
    *("billing_payment_method", "billing_payment", "billing_refund", "billing_dispute"),
    "billing_dunning_run",
)
PLATFORM = ("billing_provider_account", "billing_provider_event", "billing_sandbox_charge")


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_subscriptions"),
        ("accounts", "0015_people"),
        ("billing", "0002_ledger"),
        ("billing", "0006_invoices"),
    ]

    operations = [
        migrations.CreateModel(
            name="DunningRun",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        help_text="The oldest document of it.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.invoice",
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
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Under way"), ("finished", "All was tried"), ("cleared", "Paid")],
                        default="active",
                        max_length=10,
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("none", "Nothing yet"),
                            ("warn", "Warned"),
                            ("restrict", "Restricted"),
                            ("suspend", "Suspended"),
                        ],
                        default="none",
                        max_length=10,
                    ),
                ),
                (
                    "policy",
                    models.JSONField(help_text="Retries and stages in days, as `billing.dunning_policy` reads them."),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, help_text="Charges that were tried again.")),
                (
                    "since",
                    models.DateTimeField(
                        help_text="Retries count from here: the first failed charge, or when it was due."
                    ),
                ),
                ("due_at", models.DateTimeField(help_text="Stages count from here.")),
                (
                    "outage_at",
                    models.DateTimeField(
                        blank=True, help_text="When to try again, after the provider was away.", null=True
                    ),
                ),
                ("next_at", models.DateTimeField(blank=True, null=True)),
                (
                    "suspended_at",
                    models.DateTimeField(
                        blank=True, help_text="When service ended, in the customer's time.", null=True
                    ),
                ),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="dunning_runs", to="billing.customer"
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
                "db_table": "billing_dunning_run",
                "indexes": [
                    models.Index(fields=["state", "next_at"], name="billing_dunning_run_next"),
                    models.Index(fields=["due_at", "id"], name="billing_dunning_run_due"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "cleared"), _negated=True),
                        fields=("customer", "currency"),
                        name="billing_dunning_run_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["active", "finished", "cleared"])),
                        name="billing_dunning_run_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("stage__in", ["none", "warn", "restrict", "suspend"])),
                        name="billing_dunning_run_stage",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DunningStep",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("retry", "Charge tried again"),
                            ("outage", "Provider was away"),
                            ("stage", "Stage"),
                            ("notice", "Last notice"),
                            ("cleared", "Paid"),
                        ],
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(help_text="Which one of its run: no step happens twice.", max_length=60)),
                ("text", models.CharField(blank=True, default="", max_length=200)),
                ("at", models.DateTimeField(help_text="In the customer's time.")),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="billing.dunningrun"
                    ),
                ),
            ],
            options={
                "db_table": "billing_dunning_step",
                "constraints": [
                    models.UniqueConstraint(fields=("run", "key"), name="billing_dunning_step_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["retry", "outage", "stage", "notice", "cleared"])),
                        name="billing_dunning_step_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="billing.invoice",
                    ),
                ),
                (
                    "provider",
                    models.CharField(
                        choices=[
                            ("sandbox", "Sandbox"),
                            ("razorpay", "Razorpay"),
                            ("stripe", "Stripe"),
                            ("manual", "Bank transfer and UPI"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "provider_ref",
                    models.CharField(blank=True, default="", help_text="The provider's id of it.", max_length=120),
                ),
                (
                    "checkout_ref",
                    models.CharField(
                        blank=True, default="", help_text="The order or session it is of.", max_length=120
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        help_text="What it was begun for; begun again, it is the same.", max_length=120, unique=True
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("checkout", "Paid on a page"),
                            ("method", "Charged automatically"),
                            ("manual", "Recorded by staff"),
                            ("provider", "Found at the provider"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("created", "Begun"),
                            ("pending", "Waiting"),
                            ("authorised", "Authorised"),
                            ("succeeded", "Paid"),
                            ("failed", "Failed"),
                            ("cancelled", "Called off"),
                        ],
                        default="created",
                        max_length=10,
                    ),
                ),
                ("amount", models.BigIntegerField()),
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
                    "applied",
                    models.BigIntegerField(default=0, help_text="What of it settled the document; the rest is credit."),
                ),
                ("fee", models.BigIntegerField(default=0)),
                ("refunded", models.BigIntegerField(default=0)),
                ("disputed", models.BigIntegerField(default=0)),
                ("attempt", models.PositiveSmallIntegerField(default=1)),
                ("failure_code", models.CharField(blank=True, default="", max_length=60)),
                ("failure_text", models.CharField(blank=True, default="", max_length=200)),
                (
                    "reference",
                    models.CharField(
                        blank=True, default="", help_text="What the bank's statement says.", max_length=120
                    ),
                ),
                (
                    "flag",
                    models.CharField(blank=True, default="", help_text="What a person has to look at.", max_length=200),
                ),
                ("event_at", models.DateTimeField(help_text="When it happened, in the customer's time.")),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("changed_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="billing.customer"
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
                "db_table": "billing_payment",
            },
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("provider_ref", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("won", "Won"), ("lost", "Lost")], default="open", max_length=6
                    ),
                ),
                ("amount", models.BigIntegerField()),
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
                ("settled", models.BigIntegerField(default=0, help_text="What of it a document owes again.")),
                ("fee", models.BigIntegerField(default=0)),
                ("reason", models.CharField(blank=True, default="", max_length=120)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="disputes", to="billing.payment"
                    ),
                ),
            ],
            options={
                "db_table": "billing_dispute",
                "constraints": [
                    models.UniqueConstraint(fields=("payment", "provider_ref"), name="billing_dispute_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "won", "lost"])), name="billing_dispute_state"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("fee__gte", 0)), name="billing_dispute_amount"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentMethod",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(default="card", max_length=20)),
                ("label", models.CharField(help_text="As people know it: Visa ending in 4242.", max_length=80)),
                ("provider_ref", models.CharField(max_length=120)),
                ("provider_customer", models.CharField(blank=True, default="", max_length=120)),
                ("expires", models.DateField(blank=True, help_text="The last day on which it is good.", null=True)),
                ("is_default", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment_methods",
                        to="billing.customer",
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
                "db_table": "billing_payment_method",
            },
        ),
        migrations.AddField(
            model_name="payment",
            name="method",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="billing.paymentmethod",
            ),
        ),
        migrations.CreateModel(
            name="ProviderAccount",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "code",
                    models.SlugField(help_text="Stands in the address of its webhooks.", max_length=40, unique=True),
                ),
                (
                    "provider",
                    models.CharField(
                        choices=[
                            ("sandbox", "Sandbox"),
                            ("razorpay", "Razorpay"),
                            ("stripe", "Stripe"),
                            ("manual", "Bank transfer and UPI"),
                        ],
                        max_length=10,
                    ),
                ),
                ("label", models.CharField(max_length=80)),
                (
                    "live",
                    models.BooleanField(
                        default=False, help_text="Whether its money is real; customers of a sandbox never use it."
                    ),
                ),
                (
                    "public_key",
                    models.CharField(blank=True, default="", help_text="What browsers may know.", max_length=120),
                ),
                ("api_base", models.URLField(blank=True, default="", help_text="Empty: the provider's own address.")),
                ("is_default", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                ("reconciled_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
            ],
            options={
                "db_table": "billing_provider_account",
                "indexes": [models.Index(fields=["label", "id"], name="billing_provider_label")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("live",),
                        name="billing_provider_account_default",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("provider__in", ["sandbox", "razorpay", "stripe", "manual"])),
                        name="billing_provider_account_provider",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("provider", "sandbox"), _negated=True), ("live", False), _connector="OR"
                        ),
                        name="billing_provider_account_sandbox_is_no_money",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="paymentmethod",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.provideraccount"
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="billing.provideraccount"
            ),
        ),
        migrations.CreateModel(
            name="ProviderEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "event_ref",
                    models.CharField(help_text="The provider's id of it, or the hash of its body.", max_length=120),
                ),
                ("kind", models.CharField(help_text="As the provider calls it.", max_length=80)),
                ("body", models.BinaryField()),
                ("headers", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("processed", "Done"),
                            ("ignored", "Nothing to do"),
                            ("failed", "Failed"),
                        ],
                        default="received",
                        max_length=10,
                    ),
                ),
                ("error", models.CharField(blank=True, default="", max_length=300)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("repeats", models.PositiveIntegerField(default=0, help_text="How often it came again.")),
                ("payment_id", models.UUIDField(blank=True, null=True)),
                ("occurred_at", models.DateTimeField(help_text="When it happened, as the provider says.")),
                ("received_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("processed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="billing.provideraccount"
                    ),
                ),
            ],
            options={
                "db_table": "billing_provider_event",
                "indexes": [
                    models.Index(fields=["received_at", "id"], name="billing_provider_event_time"),
                    models.Index(fields=["kind", "id"], name="billing_provider_event_kind"),
                    models.Index(fields=["payment_id"], name="billing_provider_event_payment"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "event_ref"), name="billing_provider_event_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["received", "processed", "ignored", "failed"])),
                        name="billing_provider_event_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProviderSecret",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("api", "Key for calls"), ("webhook", "Secret of webhooks")], max_length=8
                    ),
                ),
                ("key_id", models.CharField(max_length=40)),
                ("sealed", models.BinaryField()),
                ("tail", models.CharField(help_text="Its last characters, to tell it from others.", max_length=4)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="secrets",
                        to="billing.provideraccount",
                    ),
                ),
            ],
            options={
                "db_table": "billing_provider_secret",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("expires_at__isnull", True)),
                        fields=("account", "kind"),
                        name="billing_provider_secret_present",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["api", "webhook"])), name="billing_provider_secret_kind"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("key", models.CharField(max_length=120, unique=True)),
                ("body_hash", models.BinaryField()),
                ("provider_ref", models.CharField(blank=True, default="", max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("created", "Asked for"),
                            ("pending", "On its way"),
                            ("succeeded", "Paid back"),
                            ("failed", "Failed"),
                        ],
                        default="created",
                        max_length=10,
                    ),
                ),
                ("amount", models.BigIntegerField()),
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
                    "from_credit",
                    models.BigIntegerField(
                        default=0, help_text="What of it is the customer's credit, not a document's."
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                (
                    "credit_note_id",
                    models.UUIDField(blank=True, help_text="None: the document is owed again.", null=True),
                ),
                ("failure_text", models.CharField(blank=True, default="", max_length=200)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="billing.payment"
                    ),
                ),
            ],
            options={
                "db_table": "billing_refund",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("provider_ref", ""), _negated=True),
                        fields=("payment", "provider_ref"),
                        name="billing_refund_provider_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("from_credit__gte", 0), ("from_credit__lte", models.F("amount"))
                        ),
                        name="billing_refund_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["created", "pending", "succeeded", "failed"])),
                        name="billing_refund_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxCharge",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ref", models.CharField(max_length=60, unique=True)),
                ("token", models.BinaryField(help_text="Digest of the token of its page.", null=True, unique=True)),
                ("reference", models.CharField(help_text="What we call it: the id of our payment.", max_length=60)),
                ("key", models.CharField(help_text="Of the call that made it.", max_length=120, unique=True)),
                ("amount", models.BigIntegerField()),
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
                ("description", models.CharField(blank=True, default="", max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waiting for a card"),
                            ("confirm", "Waiting for a confirmation"),
                            ("succeeded", "Paid"),
                            ("failed", "Refused"),
                            ("expired", "Left"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("outcome", models.CharField(blank=True, default="", max_length=20)),
                ("failure", models.CharField(blank=True, default="", max_length=40)),
                ("last4", models.CharField(blank=True, default="", max_length=4)),
                ("save_card", models.BooleanField(default=False)),
                ("refunded", models.BigIntegerField(default=0)),
                ("return_url", models.CharField(blank=True, default="", max_length=300)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("changed_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.provideraccount"
                    ),
                ),
            ],
            options={
                "db_table": "billing_sandbox_charge",
                "indexes": [models.Index(fields=["account", "changed_at"], name="billing_sandbox_changed")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "confirm", "succeeded", "failed", "expired"])),
                        name="billing_sandbox_charge_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gte", 0), ("refunded__gte", 0), ("refunded__lte", models.F("amount"))
                        ),
                        name="billing_sandbox_charge_amounts",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="paymentmethod",
            constraint=models.UniqueConstraint(fields=("account", "provider_ref"), name="billing_payment_method_once"),
        ),
        migrations.AddConstraint(
            model_name="paymentmethod",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)), fields=("customer",), name="billing_payment_method_default"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentmethod",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_default", False), ("removed_at__isnull", True), _connector="OR"),
                name="billing_payment_method_default_stays",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["customer", "-id"], name="billing_payment_customer"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["event_at", "id"], name="billing_payment_time"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["organisation", "event_at", "id"], name="billing_payment_tenant_time"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("provider_ref", ""), _negated=True),
                fields=("account", "provider_ref"),
                name="billing_payment_provider_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("checkout_ref", ""), _negated=True),
                fields=("account", "checkout_ref"),
                name="billing_payment_checkout_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["created", "pending", "authorised", "succeeded", "failed", "cancelled"])
                ),
                name="billing_payment_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin__in", ["checkout", "method", "manual", "provider"])),
                name="billing_payment_origin",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gt", 0),
                    ("applied__gte", 0),
                    ("applied__lte", models.F("amount")),
                    ("disputed__gte", 0),
                    ("disputed__lte", models.F("amount")),
                    ("fee__gte", 0),
                    ("refunded__gte", 0),
                    ("refunded__lte", models.F("amount")),
                ),
                name="billing_payment_amounts",
            ),
        ),
        *(grants.tenant(table, KEPT) for table in TENANT),
        grants.tenant("billing_dunning_step", grants.APPEND),
        *(grants.grant(table, KEPT) for table in PLATFORM),
        grants.grant("billing_provider_secret"),
        migrations.RunSQL(MOVES, UNDO),
    ]
