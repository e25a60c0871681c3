"""Explanations in words: an answer, and each of the paths that led to it."""

from collections.abc import Mapping
from uuid import UUID

from django.utils.translation import gettext as _

from rbac.explain import Path, Place, Trace


def trace_words(trace: Trace) -> str:
    """The answer as a sentence."""
    sentences = {
        "role": _("Allowed by a role."),
        "grant": _("Allowed by a right on this very object."),
        "public": _("Allowed because every member of the organisation may read it."),
        "denied": _("Refused: something denies it, and that wins over all that allows it."),
        "condition": _("Refused: what would allow it has conditions that are not met here."),
        "scope": _("Refused: it is not among the permissions of the key."),
        "inactive": _("Refused: the person is not active."),
        "anonymous": _("Refused: nobody is signed in."),
        "system": _("Allowed: the system acts by itself."),
    }
    if trace.reason != "no_role":
        return sentences[trace.reason]
    if not trace.would_give:
        return _("Refused: nothing allows it.")
    return _("Refused: nothing allows it. These roles would: %(roles)s.") % {"roles": ", ".join(trace.would_give)}


def chain_words(place: Place) -> str:
    """A step of the way from the object to the installation."""
    kinds = {"installation": _("the installation"), "organisation": _("the organisation")}
    return kinds.get(place.kind) or place.name


def path_words(path: Path, names: Mapping[UUID, str]) -> str:
    """One path as a sentence; `names` are those of the places."""
    told = {"role": path.role, "place": names.get(path.scope_id, _("the object")), "by": path.stated_by}
    if path.source == "public":
        sentence = _("Every member of the organisation may read %(place)s") % told
    elif path.role is None:
        sentence = _("It was granted directly on %(place)s") % told
    elif path.denies:
        sentence = _("The role %(role)s on %(place)s takes it away") % told
    elif path.role != path.stated_by:
        sentence = _("The role %(role)s on %(place)s gives it, by what it has from %(by)s") % told
    else:
        sentence = _("The role %(role)s on %(place)s gives it") % told
    if path.teams:
        sentence = _("%(sentence)s, through the team %(teams)s") % {
            "sentence": sentence,
            "teams": _(" in ").join(path.teams),
        }
    elif path.source == "everyone":
        sentence = _("%(sentence)s, as to every member") % {"sentence": sentence}
    why = _states().get(path.state)
    return f"{sentence}." if why is None else _("%(sentence)s; %(why)s.") % {"sentence": sentence, "why": why}


def _states() -> dict[str, str]:
    return {
        "expired": _("but that is over"),
        "suspended": _("but that rests"),
        "not_member": _("but the person is no active member"),
        "needs_end": _("but here that needs an end"),
        "condition": _("but its conditions are not met"),
        "context_missing": _("and the context does not say whether its conditions are met"),
    }
