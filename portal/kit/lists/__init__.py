"""Lists: one declaration gives page, fragment, count, export, bulk actions and API. See docs/lists.md."""

from portal.kit.lists import cells
from portal.kit.lists.declare import Action, Column, Empty, Field, List, Sort
from portal.kit.lists.filters import Choice, Dates, Filter, Many, Option, Words
from portal.kit.lists.outcome import Outcome
from portal.kit.lists.query import Chosen
from portal.kit.lists.register import register
from portal.kit.lists.search import Search

__all__ = [
    "Action",
    "Choice",
    "Chosen",
    "Column",
    "Dates",
    "Empty",
    "Field",
    "Filter",
    "List",
    "Many",
    "Option",
    "Outcome",
    "Search",
    "Sort",
    "Words",
    "cells",
    "register",
]
