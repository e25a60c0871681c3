"""Registration, verification of addresses, and links for more than passwords."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_passkeys")]

    operations = [
        migrations.CreateModel(
            name="AddressChange",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("email", models.EmailField(help_text="The address that is wanted.", max_length=254)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("expires_at", models.DateTimeField()),
                ("old_confirmed_at", models.DateTimeField(null=True)),
                ("new_confirmed_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="address_changes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "accounts_address_change",
                "indexes": [models.Index(fields=["expires_at", "id"], name="accounts_address_change_end")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("user",),
                        name="accounts_address_change_one_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Ask",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("password", "password"), ("registration", "registration")], max_length=12
                    ),
                ),
                ("key_id", models.CharField(max_length=60)),
                ("sealed", models.BinaryField(max_length=2000)),
                ("address", models.GenericIPAddressField(null=True)),
                ("agent", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
            ],
            options={
                "db_table": "accounts_ask",
                "indexes": [models.Index(fields=["created_at", "id"], name="accounts_ask_created")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["password", "registration"])), name="accounts_ask_kind"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MailAllowance",
            fields=[
                (
                    "slot",
                    models.CharField(
                        help_text="Keyed hash of what it counts.", max_length=120, primary_key=True, serialize=False
                    ),
                ),
                ("asked", models.JSONField(help_text="Seconds since 1970, oldest first; the last hour's at most.")),
                ("last_at", models.DateTimeField(default=portal.kit.clock.now)),
            ],
            options={
                "db_table": "accounts_mail_allowance",
                "indexes": [models.Index(fields=["last_at"], name="accounts_allowance_last")],
            },
        ),
        migrations.CreateModel(
            name="Registration",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("email", models.EmailField(max_length=254)),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("created_at", models.DateTimeField(default=portal.kit.clock.now)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "accounts_registration",
                "indexes": [models.Index(fields=["expires_at", "id"], name="accounts_registration_end")],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        condition=models.Q(("used_at", None)),
                        name="accounts_registration_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("used_at", None), ("user", None)),
                            models.Q(("used_at__isnull", False), ("user__isnull", False)),
                            _connector="OR",
                        ),
                        name="accounts_registration_used",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="link",
            name="accounts_link_kind",
        ),
        migrations.AddField(
            model_name="link",
            name="email",
            field=models.EmailField(blank=True, db_default="", default="", max_length=254),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="sent_at",
            field=models.DateTimeField(
                default=portal.kit.clock.now, help_text="None: its mail is being written.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="link",
            name="kind",
            field=models.CharField(
                choices=[
                    ("password", "password"),
                    ("verify", "verify"),
                    ("old_email", "old_email"),
                    ("new_email", "new_email"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="link",
            name="change",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="links",
                to="accounts.addresschange",
            ),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("change", None), ("kind__in", ["password", "verify"])),
                    models.Q(("change__isnull", False), ("kind__in", ["old_email", "new_email"])),
                    _connector="OR",
                ),
                name="accounts_link_kind",
            ),
        ),
        grants.grant("accounts_address_change"),
        grants.grant("accounts_ask"),
        grants.grant("accounts_mail_allowance"),
        grants.grant("accounts_registration"),
    ]
