"""Registration, verification of addresses, and links for more than passwords."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_passkeys")]

    operations = []
