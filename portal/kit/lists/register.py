"""Taking a room's list into the house."""

from functools import partial

from django.core.exceptions import ImproperlyConfigured
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from portal.kit.lists import bulk
from portal.kit.lists.declare import List
from portal.kit.lists.filters import Many
from portal.kit.lists.query import OWN
from portal.kit.registry import Job, jobs, lists


def register(declared: List) -> List:
    """Declare a list, and with actions the job that does them to many rows. What cannot work stops the start."""
    for fault in faults(declared):
        raise ImproperlyConfigured(f"List {declared.name}: {fault}")
    lists.add(declared)
    if declared.actions:
        # Each batch asks the service, which demands the action's own right; the job as such needs the list's.
        label = format_lazy("{}: {}", declared.label, _("many at once"))
        jobs.add(Job(bulk.job_name(declared), label, partial(bulk.run_bulk, declared), permission=declared.code))
    return declared


def faults(declared: List) -> list[str]:
    """What is wrong with a declaration, in words for its author."""
    found = []
    room, dot, noun = declared.name.partition(".")
    if not (room and dot and noun.isidentifier()):
        found.append("its name is not of the form room.noun.")
    names = [column.name for column in declared.columns]
    if len(set(names)) < len(names):
        found.append("two columns have one name.")
    if not any(column.fixed for column in declared.columns):
        found.append("no column is fixed: a row needs its name.")
    if declared.sort.removeprefix("-") not in declared.orders:
        found.append(f"it starts with the order {declared.sort}, which it does not have.")
    parameters = [name for each in declared.filters for name in each.parameters]
    if len(set(parameters)) < len(parameters) or set(parameters) & set(OWN):
        found.append("two filters read one parameter, or one reads a parameter of the framework.")
    found += [
        f"the filter {each.name} needs either `apply` or `ids`."
        for each in declared.filters
        if isinstance(each, Many) and (each.apply is None) == (each.ids is None)
    ]
    actions = {action.name for action in declared.actions}
    found += [
        f"the action {action.name} is undone by {action.inverse}, which it does not have."
        for action in declared.actions
        if action.inverse and action.inverse not in actions
    ]
    return found
