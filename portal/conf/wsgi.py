"""WSGI entry for the web server."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.conf.settings")

django.setup(set_prefix=False)

from portal.kit.application import Application  # noqa: E402 - needs the settings

application = Application()
