"""Subscriptions: what was agreed, its append-only history and what was billed of it, and the movements of MRR."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

KEPT = ("billing_subscription_event", "billing_billed_line", "billing_mrr_movement")

APPEND_ONLY = """
CREATE FUNCTION billing_subscription_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
""" + "".join(
    f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION billing_subscription_refuse();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION billing_subscription_refuse();
"""
    for table in KEPT
)

# The same table of moves as in billing.subscription_states; a test compares the two.
MOVES = """
CREATE FUNCTION billing_subscription_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed jsonb := '{
        "incomplete": ["trialing", "active", "incomplete_expired", "cancelled"],
        "trialing": ["active", "past_due", "paused", "cancelled"],
        "active": ["trialing", "past_due", "unpaid", "paused", "cancelled"],
        "past_due": ["active", "unpaid", "paused", "cancelled"],
        "unpaid": ["active", "past_due", "paused", "cancelled"],
        "paused": ["trialing", "active", "past_due", "unpaid", "cancelled"],
        "cancelled": [], "incomplete_expired": []}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a subscription is never deleted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_subscription_deleted';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('incomplete', 'trialing', 'active') THEN
            RAISE EXCEPTION 'a subscription does not begin as %', NEW.state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_subscription_move';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND NOT allowed -> OLD.state ? NEW.state THEN
        RAISE EXCEPTION 'a subscription does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_subscription_move';
    END IF;
    IF (NEW.id, NEW.organisation_id, NEW.customer_id, NEW.currency, NEW.started_at, NEW.created_at) IS DISTINCT FROM
            (OLD.id, OLD.organisation_id, OLD.customer_id, OLD.currency, OLD.started_at, OLD.created_at)
            OR NEW.bills < OLD.bills THEN
        RAISE EXCEPTION 'a subscription stays with its customer, currency and start'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_subscription_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_subscription_moves BEFORE INSERT OR UPDATE OR DELETE ON billing_subscription
    FOR EACH ROW EXECUTE FUNCTION billing_subscription_moves();
"""

# What was taken back of a line is never more than the line.
CAPPED = """
CREATE FUNCTION billing_billed_line_capped() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whole bigint;
    back bigint;
BEGIN
    IF NEW.against_id IS NULL THEN
        RETURN NEW;
    END IF;
    PERFORM FROM billing_subscription WHERE id = NEW.subscription_id FOR UPDATE;
    SELECT amount INTO whole FROM billing_billed_line WHERE id = NEW.against_id AND item_id = NEW.item_id;
    SELECT coalesce(-sum(b.amount), 0) INTO back FROM billing_billed_line b WHERE b.against_id = NEW.against_id
        AND NOT EXISTS (SELECT FROM billing_invoice i WHERE i.id = b.invoice_id AND i.state = 'void');
    IF whole IS NULL OR back - NEW.amount > whole OR NEW.taken > -NEW.amount THEN
        RAISE EXCEPTION 'more is given back than was billed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_billed_line_capped';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_billed_line_capped BEFORE INSERT ON billing_billed_line
    FOR EACH ROW EXECUTE FUNCTION billing_billed_line_capped();
"""
TABLES = (
    "billing_subscription",
    "billing_subscription_item",
    "billing_phase",
    "billing_pending_change",
    "billing_coupon_redemption",
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_people"),
        ("billing", "0003_catalogue"),
        ("billing", "0006_invoices"),
    ]

    operations = [
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("trialing", "Trial"),
                            ("active", "Active"),
                            ("past_due", "Past due"),
                            ("paused", "Paused"),
                            ("unpaid", "Unpaid"),
                            ("cancelled", "Cancelled"),
                            ("incomplete", "Waits for payment"),
                            ("incomplete_expired", "Never paid"),
                        ],
                        max_length=20,
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
                ("started_at", models.DateTimeField()),
                (
                    "anchor_at",
                    models.DateTimeField(
                        help_text="A moment at which a period begins; all others are counted from it."
                    ),
                ),
                (
                    "anchor_day",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Bill day 1 to 31; 0: the day of `anchor_at`."
                    ),
                ),
                ("trial_end", models.DateTimeField(null=True)),
                (
                    "charges_from",
                    models.DateTimeField(help_text="What lies before was billed elsewhere (import).", null=True),
                ),
                ("current_period_start", models.DateTimeField()),
                ("current_period_end", models.DateTimeField()),
                ("cancel_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("next_at", models.DateTimeField(null=True)),
                (
                    "billed_at",
                    models.DateTimeField(
                        help_text="The moment up to which it was looked at for billing last.", null=True
                    ),
                ),
                (
                    "halted_at",
                    models.DateTimeField(
                        help_text="Billing was stopped by the limit on lines; staff lets it go on.", null=True
                    ),
                ),
                ("mrr", models.BigIntegerField(default=0)),
                ("bills", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="subscriptions", to="billing.customer"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "plan_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.planversion"
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "db_table": "billing_subscription",
                "indexes": [
                    models.Index(
                        condition=models.Q(("halted_at__isnull", True), ("next_at__isnull", False)),
                        fields=["next_at", "id"],
                        name="billing_subscription_next",
                    ),
                    models.Index(fields=["customer", "state"], name="billing_subscription_customer"),
                    models.Index(fields=["state", "id"], name="billing_subscription_state"),
                    models.Index(fields=["created_at", "id"], name="billing_subscription_created"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "trialing",
                                    "active",
                                    "past_due",
                                    "paused",
                                    "unpaid",
                                    "cancelled",
                                    "incomplete",
                                    "incomplete_expired",
                                ],
                            )
                        ),
                        name="billing_subscription_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", False), ("state__in", ["cancelled", "incomplete_expired"])),
                            models.Q(
                                models.Q(("state__in", ["cancelled", "incomplete_expired"]), _negated=True),
                                ("ended_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="billing_subscription_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("current_period_end__gt", models.F("current_period_start"))),
                        name="billing_subscription_period",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("anchor_day__range", (0, 31))), name="billing_subscription_anchor_day"
                    ),
                    models.CheckConstraint(condition=models.Q(("mrr__gte", 0)), name="billing_subscription_mrr"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Phase",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("trial", "Trial"),
                            ("discount", "Discount"),
                            ("pause", "Pause"),
                            ("term", "Fixed term"),
                        ],
                        max_length=10,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("percent_off", models.DecimalField(decimal_places=4, max_digits=7, null=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="phases", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "db_table": "billing_phase",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["trial", "discount", "pause", "term"])),
                        name="billing_phase_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ends_at__isnull", True), ("kind", "pause")),
                            ("ends_at__gte", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="billing_phase_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "discount"), ("percent_off__gt", 0), ("percent_off__lte", 100)),
                            models.Q(models.Q(("kind", "discount"), _negated=True), ("percent_off__isnull", True)),
                            _connector="OR",
                        ),
                        name="billing_phase_percent",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ends_at__isnull", True), ("kind", "pause")),
                        fields=("subscription",),
                        name="billing_phase_one_pause",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PendingChange",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("plan", "Plan"), ("quantity", "Quantity"), ("addon_remove", "Add-on ends")],
                        max_length=20,
                    ),
                ),
                ("quantity", models.PositiveIntegerField(default=1)),
                ("at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("dropped_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "plan_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.planversion"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pending", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "db_table": "billing_pending_change",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["plan", "quantity", "addon_remove"])),
                        name="billing_pending_change_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("done_at__isnull", True), ("dropped_at__isnull", True), _connector="OR"),
                        name="billing_pending_change_end",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("done_at__isnull", True), ("dropped_at__isnull", True), ("kind", "plan")),
                        fields=("subscription",),
                        name="billing_pending_change_one_plan",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MrrMovement",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("reactivation", "Reactivation"),
                            ("expansion", "Expansion"),
                            ("contraction", "Contraction"),
                            ("churn", "Churn"),
                        ],
                        max_length=12,
                    ),
                ),
                ("amount", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("sandbox", models.BooleanField(default=False, help_text="Not real money: left out of every figure.")),
                ("snapshot", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="movements", to="billing.customer"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="movements", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "db_table": "billing_mrr_movement",
                "indexes": [
                    models.Index(fields=["at", "id"], name="billing_mrr_movement_at"),
                    models.Index(fields=["customer", "at"], name="billing_mrr_movement_customer"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount__gt", 0), ("kind__in", ["new", "reactivation", "expansion"])),
                            models.Q(("amount__lt", 0), ("kind__in", ["contraction", "churn"])),
                            _connector="OR",
                        ),
                        name="billing_mrr_movement_sign",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CouponRedemption",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("starts_at", models.DateTimeField()),
                ("uses_left", models.PositiveIntegerField(null=True)),
                (
                    "used_for",
                    models.DateTimeField(help_text="The start of the period that it was used for last.", null=True),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "coupon",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.coupon"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemptions",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "db_table": "billing_coupon_redemption",
                "indexes": [models.Index(fields=["coupon", "id"], name="billing_coupon_redemption_of")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("subscription",),
                        name="billing_coupon_redemption_one",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SubscriptionEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(max_length=30)),
                ("reason", models.CharField(blank=True, default="", max_length=30)),
                ("note", models.CharField(blank=True, default="", max_length=300)),
                ("actor_kind", models.CharField(max_length=12)),
                ("actor_id", models.UUIDField(null=True)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "db_table": "billing_subscription_event",
                "indexes": [models.Index(fields=["subscription", "id"], name="billing_subscription_event_of")],
            },
        ),
        migrations.CreateModel(
            name="SubscriptionItem",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("is_base", models.BooleanField()),
                (
                    "quantity",
                    models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1)]),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("through_day", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "plan_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.planversion"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "db_table": "billing_subscription_item",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True), ("ends_at__gte", models.F("starts_at")), _connector="OR"
                        ),
                        name="billing_subscription_item_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 1)), name="billing_subscription_item_quantity"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ends_at__isnull", True), ("is_base", True)),
                        fields=("subscription",),
                        name="billing_subscription_item_base",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ends_at__isnull", True)),
                        fields=("subscription", "plan_version"),
                        name="billing_subscription_item_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BilledLine",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("price_id", models.UUIDField()),
                ("slot_start", models.DateTimeField()),
                ("slot_end", models.DateTimeField()),
                ("covers_from", models.DateTimeField()),
                ("covers_until", models.DateTimeField()),
                ("quantity", models.DecimalField(decimal_places=6, default=1, max_digits=24)),
                ("amount", models.BigIntegerField()),
                ("taken", models.BigIntegerField(default=0)),
                ("invoice_id", models.UUIDField(null=True)),
                ("credit_note_id", models.UUIDField(null=True)),
                ("line_key", models.CharField(max_length=120, unique=True)),
                (
                    "bill",
                    models.PositiveIntegerField(help_text="The number of the billing run, as in Subscription.bills."),
                ),
                ("billed_at", models.DateTimeField(help_text="In the customer's time.")),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                (
                    "against",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="given_back",
                        to="billing.billedline",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="billed", to="billing.subscription"
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="billed",
                        to="billing.subscriptionitem",
                    ),
                ),
            ],
            options={
                "db_table": "billing_billed_line",
                "indexes": [
                    models.Index(fields=["subscription", "slot_start"], name="billing_billed_line_slot"),
                    models.Index(fields=["invoice_id"], name="billing_billed_line_invoice"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("slot_end__gt", models.F("slot_start"))), name="billing_billed_line_slot"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("against__isnull", True), ("amount__gte", 0), ("taken", 0)),
                            models.Q(("against__isnull", False), ("amount__lte", 0), ("taken__gte", 0)),
                            _connector="OR",
                        ),
                        name="billing_billed_line_sign",
                    ),
                ],
            },
        ),
        *(grants.tenant(table) for table in TABLES),
        *(grants.tenant(table, grants.APPEND) for table in KEPT),
        migrations.RunSQL(
            APPEND_ONLY,
            "".join(
                f"DROP TRIGGER {table}_no_truncate ON {table}; DROP TRIGGER {table}_append_only ON {table};"
                for table in KEPT
            )
            + "DROP FUNCTION billing_subscription_refuse()",
        ),
        migrations.RunSQL(
            MOVES,
            "DROP TRIGGER billing_subscription_moves ON billing_subscription; DROP FUNCTION billing_subscription_moves()",
        ),
        migrations.RunSQL(
            CAPPED,
            "DROP TRIGGER billing_billed_line_capped ON billing_billed_line; DROP FUNCTION billing_billed_line_capped()",
        ),
    ]
