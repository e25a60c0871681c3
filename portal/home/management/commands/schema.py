"""`manage.py schema reference`: the tables of the database."""

from portal.home.references.command import ReferenceCommand


class Command(ReferenceCommand):
    """Prints, or with --write renews, docs/schema.md."""

    help = "reference: the tables of the database, as docs/schema.md. --write renews the file."
    noun = "schema"
