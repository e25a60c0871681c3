"""How long single events of use are kept for a subscription; and old proofs of the books may go."""

from django.db import migrations, models

PROOFS = "GRANT DELETE ON billing_proof_run TO steward_app, steward_platform"


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_import")]

    operations = [
        migrations.RunSQL(PROOFS, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="subscription",
            name="usage_from",
            field=models.DateTimeField(
                help_text="Single events of use from here on are kept for its bills, however old they get.", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("usage_from__isnull", False)),
                fields=["organisation", "usage_from"],
                name="billing_subscription_usage",
            ),
        ),
    ]
