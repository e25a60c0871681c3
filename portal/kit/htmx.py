"""One address, two replies: the whole page to a browser, a part of it to htmx. And what a part may bring along.

htmx restores its history by asking again with a header of its own; that has to get the whole page.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from portal.kit.toasts import Toast

VARY = ("HX-Request", "HX-History-Restore-Request")


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part, and not for a page of its history."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def answer(
    request: HttpRequest,
    *,
    page: str,
    part: str,
    values: Mapping[str, Any],
    frame: Callable[[], Mapping[str, Any]] | None = None,
    beside: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    """The template `part` for htmx, the template `page` for everybody else.

    `frame` computes what only the page around the part needs. `beside` are templates of further parts, each of which
    names its place by `hx-swap-oob`; they are drawn with the same values.
    """
    if wants_part(request):
        text = "".join(render_to_string(name, dict(values), request) for name in (part, *beside))
    else:
        text = render_to_string(page, {**values, **(frame() if frame else {})}, request)
    reply = HttpResponse(text, status=status)
    # Neither may be taken from a cache for the other.
    patch_vary_headers(reply, VARY)
    return reply


def with_toast(reply: HttpResponse, toast: Toast) -> HttpResponse:
    """Let the page show `toast` when this part arrives; what the header triggered already stays."""
    triggers = json.loads(reply.get("HX-Trigger", "{}"))
    # ASCII: a header cannot carry anything else, and the browser reads the escapes.
    reply["HX-Trigger"] = json.dumps(triggers | {"toast": toast.as_dict()})
    return reply
