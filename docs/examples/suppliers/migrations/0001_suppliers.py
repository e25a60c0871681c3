"""Suppliers, behind the wall of their organisation."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_people_and_organisations")]

    operations = [
        migrations.CreateModel(
            name="Supplier",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=80)),
                ("country", models.CharField(max_length=2)),
                (
                    "created_at",
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
            ],
            options={
                "db_table": "suppliers_supplier",
                "indexes": [models.Index(fields=["organisation", "name", "id"], name="suppliers_supplier_named")],
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "name"), name="suppliers_supplier_once"),
                    models.CheckConstraint(
                        condition=models.Q(("country__regex", "^[A-Z]{2}$")), name="suppliers_supplier_country"
                    ),
                ],
            },
        ),
        grants.tenant("suppliers_supplier"),
    ]
