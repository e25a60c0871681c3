"""`manage.py permissions reference`: every right and which role holds it."""

from portal.home.references.command import ReferenceCommand


class Command(ReferenceCommand):
    """Prints, or with --write renews, docs/permissions.md."""

    help = "reference: every right and which role holds it, as docs/permissions.md. --write renews the file."
    noun = "permissions"
