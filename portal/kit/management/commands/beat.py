"""`manage.py beat run`."""

from portal.kit import serve
from portal.kit.management.part import PartCommand


class Command(PartCommand):
    """Fires schedules and announces what lies about."""

    help = "Fire schedules and announce forgotten runs until Ctrl-C or SIGTERM."
    part = staticmethod(serve.beat)
