"""Passkeys and recoveries of lost devices."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_second_factor")]

    operations = []
