"""The ledger: tables that the application reads, and functions that alone write to them."""

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from billing.migrations import _ledger as ledger
from portal.kit import grants
from portal.kit.lists import search_sql


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0001_customers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Closing",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField()),
                ("sandbox", models.BooleanField(default=False)),
                ("until", models.DateTimeField()),
                ("reopens", models.BooleanField(default=False)),
                ("reason", models.CharField(max_length=200)),
                ("by_id", models.UUIDField(null=True)),
                ("by_label", models.CharField(blank=True, default="", max_length=150)),
                ("recorded_at", models.DateTimeField(default=portal.kit.clock.now)),
            ],
            options={
                "db_table": "billing_closing",
                "constraints": [models.UniqueConstraint(fields=("sandbox", "number"), name="billing_closing_number")],
            },
        ),
        migrations.CreateModel(
            name="Journal",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("key", models.CharField(max_length=200, unique=True)),
                ("body_hash", models.BinaryField()),
                ("event_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("kind", models.CharField(max_length=40)),
                ("description", models.CharField(blank=True, default="", max_length=200)),
                ("document_kind", models.CharField(blank=True, default="", max_length=40)),
                ("document_id", models.UUIDField(null=True)),
                ("customer_id", models.UUIDField(null=True)),
                ("sandbox", models.BooleanField(default=False)),
                (
                    "reverses",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="billing.journal",
                    ),
                ),
            ],
            options={
                "db_table": "billing_journal",
                "indexes": [
                    models.Index(fields=["event_at", "id"], name="billing_journal_event"),
                    models.Index(fields=["kind", "event_at", "id"], name="billing_journal_by_kind"),
                    models.Index(
                        condition=models.Q(("document_id", None), _negated=True),
                        fields=["document_id"],
                        name="billing_journal_document",
                    ),
                    models.Index(
                        condition=models.Q(("customer_id", None), _negated=True),
                        fields=["customer_id", "event_at"],
                        name="billing_journal_customer",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerAccount",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("path", models.CharField(max_length=200)),
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("asset", "Asset"),
                            ("liability", "Liability"),
                            ("equity", "Equity"),
                            ("income", "Income"),
                            ("expense", "Expense"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(blank=True, default="", max_length=120)),
                ("sandbox", models.BooleanField(default=False)),
                (
                    "customer_id",
                    models.UUIDField(help_text="Whose account it is; None: of the installation.", null=True),
                ),
                ("stripes", models.PositiveSmallIntegerField(default=1)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
            ],
            options={
                "db_table": "billing_ledger_account",
                "indexes": [
                    models.Index(fields=["path", "id"], name="billing_ledger_account_by_path"),
                    models.Index(fields=["kind", "path", "id"], name="billing_ledger_account_by_kind"),
                    models.Index(
                        condition=models.Q(("customer_id", None), _negated=True),
                        fields=["customer_id"],
                        name="billing_ledger_account_whose",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("path", "currency"), name="billing_ledger_account_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "path__regex",
                                "^(sandbox:)?(assets|liabilities|equity|income|expenses)(:[a-z0-9][a-z0-9_-]*)+$",
                            )
                        ),
                        name="billing_ledger_account_path",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "asset"), ("path__regex", "^(sandbox:)?assets:")),
                            models.Q(("kind", "liability"), ("path__regex", "^(sandbox:)?liabilities:")),
                            models.Q(("kind", "equity"), ("path__regex", "^(sandbox:)?equity:")),
                            models.Q(("kind", "income"), ("path__regex", "^(sandbox:)?income:")),
                            models.Q(("kind", "expense"), ("path__regex", "^(sandbox:)?expenses:")),
                            _connector="OR",
                        ),
                        name="billing_ledger_account_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("path__startswith", "sandbox:"), ("sandbox", True)),
                            models.Q(("sandbox", False), models.Q(("path__startswith", "sandbox:"), _negated=True)),
                            _connector="OR",
                        ),
                        name="billing_ledger_account_book",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")), name="billing_ledger_account_currency"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("stripes__gte", 1), ("stripes__lte", 64)),
                        name="billing_ledger_account_stripes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("key", models.CharField(max_length=200, unique=True)),
                ("body_hash", models.BinaryField()),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("posted", "Posted"),
                            ("voided", "Voided"),
                            ("expired", "Expired"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("posted_amount", models.BigIntegerField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("description", models.CharField(blank=True, default="", max_length=200)),
                ("document_kind", models.CharField(blank=True, default="", max_length=40)),
                ("document_id", models.UUIDField(null=True)),
                ("customer_id", models.UUIDField(null=True)),
                (
                    "journal",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.journal"
                    ),
                ),
                (
                    "credit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.ledgeraccount"
                    ),
                ),
                (
                    "debit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.ledgeraccount"
                    ),
                ),
            ],
            options={
                "db_table": "billing_hold",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "pending")), fields=["expires_at"], name="billing_hold_due"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="billing_hold_amount"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at", None), ("journal", None), ("posted_amount", None), ("state", "pending")
                            ),
                            models.Q(
                                ("ended_at__isnull", False),
                                ("journal", None),
                                ("posted_amount", None),
                                ("state__in", ["voided", "expired"]),
                            ),
                            models.Q(
                                ("ended_at__isnull", False),
                                ("posted_amount__gt", 0),
                                ("posted_amount__lte", models.F("amount")),
                                ("state", "posted"),
                            ),
                            _connector="OR",
                        ),
                        name="billing_hold_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("debit", models.F("credit")), _negated=True), name="billing_hold_sides"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("stripe", models.PositiveSmallIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.BigIntegerField()),
                ("balance_after", models.BigIntegerField()),
                ("account_version", models.BigIntegerField()),
                ("event_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("customer_id", models.UUIDField(null=True)),
                ("reference", models.CharField(blank=True, default="", max_length=80)),
                (
                    "journal",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.journal",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.ledgeraccount",
                    ),
                ),
            ],
            options={
                "db_table": "billing_entry",
                "indexes": [
                    models.Index(fields=["journal"], name="billing_entry_journal"),
                    models.Index(fields=["account", "id"], name="billing_entry_account"),
                    models.Index(fields=["account", "event_at"], name="billing_entry_event"),
                    models.Index(fields=["event_at"], name="billing_entry_when"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True), name="billing_entry_amount"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerBalance",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "stripe", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("stripe", models.PositiveSmallIntegerField(default=0)),
                ("balance", models.BigIntegerField(default=0)),
                ("pending_debit", models.BigIntegerField(default=0)),
                ("pending_credit", models.BigIntegerField(default=0)),
                ("version", models.BigIntegerField(default=0)),
                ("floor", models.BigIntegerField(null=True)),
                ("ceiling", models.BigIntegerField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="balances",
                        to="billing.ledgeraccount",
                    ),
                ),
            ],
            options={
                "db_table": "billing_ledger_balance",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("floor", None),
                            (
                                "balance__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("floor"), "+", models.F("pending_credit")
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="billing_ledger_balance_floor",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ceiling", None),
                            (
                                "balance__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("ceiling"), "-", models.F("pending_debit")
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="billing_ledger_balance_ceiling",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pending_credit__gte", 0), ("pending_debit__gte", 0)),
                        name="billing_ledger_balance_pending",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementLine",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("bank", models.SlugField(max_length=40)),
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
                ("booked_on", models.DateField()),
                ("amount", models.BigIntegerField()),
                ("reference", models.CharField(blank=True, default="", max_length=140)),
                ("counterparty", models.CharField(blank=True, default="", max_length=140)),
                ("external_id", models.CharField(max_length=80)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("matched", "Matched"), ("ignored", "Set aside")],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=200)),
                ("imported_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "journal",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statement_lines",
                        to="billing.journal",
                    ),
                ),
            ],
            options={
                "db_table": "billing_statement_line",
                "indexes": [
                    models.Index(fields=["booked_on", "id"], name="billing_statement_line_day"),
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["booked_on", "id"],
                        name="billing_statement_line_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("bank", "currency", "external_id"), name="billing_statement_line_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True), name="billing_statement_line_amount"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("journal", None), ("settled_at", None), ("state", "open")),
                            models.Q(("journal__isnull", False), ("settled_at__isnull", False), ("state", "matched")),
                            models.Q(("journal", None), ("settled_at__isnull", False), ("state", "ignored")),
                            _connector="OR",
                        ),
                        name="billing_statement_line_state",
                    ),
                ],
            },
        ),
        *(
            grants.grant(table, grants.READ)
            for table in (
                "billing_ledger_account",
                "billing_ledger_balance",
                "billing_journal",
                "billing_entry",
                "billing_hold",
                "billing_closing",
            )
        ),
        grants.grant("billing_statement_line", "SELECT, INSERT, UPDATE"),
        migrations.RunSQL(ledger.UP, ledger.DOWN),
        search_sql.index("billing_ledger_account", "ledger_account", ("path", "name")),
        search_sql.index("billing_statement_line", "statement_line", ("reference", "counterparty")),
    ]
