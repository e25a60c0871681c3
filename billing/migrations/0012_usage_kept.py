"""How long single events of use are kept for a subscription."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_import")]

    operations = [
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
