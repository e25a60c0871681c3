"""`manage.py web run`."""

from portal.kit import serve
from portal.kit.management.part import PartCommand


class Command(PartCommand):
    """Web server in the foreground."""

    help = "Serve the portal until Ctrl-C or SIGTERM."
    part = staticmethod(serve.web)
