"""`manage.py errors reference`: every code of an error."""

from portal.home.references.command import ReferenceCommand


class Command(ReferenceCommand):
    """Prints, or with --write renews, docs/errors.md."""

    help = "reference: every code of an error, as docs/errors.md. --write renews the file."
    noun = "errors"
