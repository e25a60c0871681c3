"""What a job of backups came to, in the words of its page."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.templatetags.kit import size


def backup_result(result: Mapping[str, Any]) -> tuple[str, str]:
    """Title and sentence for a backup that was made, read or let go."""
    if "pruned" in result:
        n, kept = int(result["pruned"]), int(result["kept"])
        return (
            ngettext("%(n)d backup deleted", "%(n)d backups deleted", n) % {"n": n},
            ngettext("%(n)d is kept, with its reason.", "%(n)d are kept, each with its reason.", kept) % {"n": kept},
        )
    if "verified" in result:
        return _("Every byte was read and is good"), _("%(size)s were fetched, decrypted and parsed.") % {
            "size": size(result["bytes"])
        }
    missed = int(result.get("missed", 0))
    return (
        _("%(size)s backed up") % {"size": size(result["bytes"])},
        ngettext("%(n)d target has no copy; the log says why.", "%(n)d targets have no copy; the log says why.", missed)
        % {"n": missed}
        if missed
        else _("Encrypted and stored at every target."),
    )
