"""What templates of the Django admin need besides the tags of the design."""

import json
from datetime import datetime
from typing import Any

from django import template
from django.contrib.admin.helpers import AdminReadonlyField
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db.models import Model
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.admin import COUNT_LIMIT
from portal.kit.templatetags.kit import cell, count, status, when

register = template.Library()


@register.simple_tag
def admin_pager(cl: ChangeList) -> dict[str, Any]:
    """The neighbours of a list's page, and how many rows there are as far as anybody counted."""
    page, last = cl.page_num, cl.paginator.num_pages
    found = int(cl.result_count)
    if found >= COUNT_LIMIT:
        text = _("More than %(n)s rows; search for what you need") % {"n": count(COUNT_LIMIT - 1)}
    else:
        text = ngettext("%(n)s row", "%(n)s rows", found) % {"n": count(found)}
    return {
        "previous_url": cl.get_query_string({PAGE_VAR: page - 1}) if page > 1 else "",
        "next_url": cl.get_query_string({PAGE_VAR: page + 1}) if page < last else "",
        "shown_text": text,
    }


@register.simple_tag
def admin_table(cl: ChangeList) -> dict[str, Any]:
    """The heads and rows of a list: each row its address and its values as pages of ours show them."""
    names = [name for name in cl.list_display if name != "action_checkbox"]
    return {
        "heads": [label_for_field(name, cl.model, cl.model_admin) for name in names],
        "rows": [
            {"url": cl.url_for_result(row), "cells": [_shown(row, name, cl.model_admin, brief=True) for name in names]}
            for row in cl.result_list
        ],
    }


@register.simple_tag
def admin_value(item: AdminReadonlyField) -> str:
    """A value of a row's page."""
    return _shown(item.form.instance, item.field["field"], item.model_admin)


def _shown(row: Model, name: Any, model_admin: Any, *, brief: bool = False) -> str:
    field, _attribute, value = lookup_field(name, row, model_admin)
    if isinstance(value, bool):
        return status("ok" if value else "", _("yes") if value else _("no"))
    if value is None or value == "":
        return count(None)
    if field is not None and getattr(field, "choices", None):
        return str(getattr(row, f"get_{field.name}_display")())
    if isinstance(value, dict | list):
        text = json.dumps(value, ensure_ascii=False, indent=2, default=str) if value else ""
        return format_html("<pre>{}</pre>", text) if text else count(None)
    return when(value) if brief and isinstance(value, datetime) else cell(value)
