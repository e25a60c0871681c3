"""The pages as HTML: frame, navigation, contents of a page, what comes before and after."""

import html
import os
import re
from functools import cache
from pathlib import Path

from markdown_it.token import Token

from docs.markdown import INDEX, PARSER, ROOT, headings, title, tokens_of

_MOST_CONTENTS = 60  # Longer lists of headings are shown with the upper level only.
_FRAME = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Steward</title>
<link rel="stylesheet" href="{up}tokens.css">
<link rel="stylesheet" href="{up}docs.css">
<a class="skip" href="#text">To the text</a>
<header class="top"><a class="brand" href="{up}docs/index.html"><span class="mark" aria-hidden="true">S</span>Steward</a>
<label for="menu">Contents</label></header>
<input type="checkbox" id="menu" aria-label="Show the contents">
<nav class="all" aria-label="All pages">{navigation}</nav>
<main id="text">{body}{around}</main>
{contents}
</html>
"""

Section = tuple[str, list[tuple[str, Path]]]


@cache
def sections() -> list[Section]:
    """The navigation: the headings of docs/index.md, and the pages that are linked in the lists below them."""
    found: list[Section] = []
    heading = False
    for token in tokens_of(INDEX):
        if token.type == "heading_open":
            heading = token.tag == "h2"
        elif token.type == "inline" and heading:
            found.append((token.content, []))
            heading = False
        elif token.type == "inline" and found:
            found[-1][1].extend(_targets(token))
    return found


def _targets(token: Token) -> list[tuple[str, Path]]:
    result = []
    for number, child in enumerate(token.children or []):
        target = child.attrGet("href") if child.type == "link_open" else None
        if isinstance(target, str) and target.endswith(".md"):
            result.append(((token.children or [])[number + 1].content, (INDEX.parent / target).resolve()))
    return result


def placed(page: Path) -> Path:
    """Where a page lies in the output, from its top."""
    return page.relative_to(ROOT).with_suffix(".html")


def page_html(page: Path) -> str:
    """A page, whole."""
    up = "../" if page.parent != ROOT else ""
    body = str(PARSER.renderer.render(tokens_of(page), PARSER.options, {}))
    body = re.sub(r'(href="[^":]+)\.md(["#])', r"\1.html\2", body)
    body = body.replace("<table>", '<div class="wide" tabindex="0"><table>').replace("</table>", "</table></div>")
    return _FRAME.format(
        title=html.escape(title(page)),
        up=up,
        navigation=_navigation(page),
        body=body,
        around=_around(page),
        contents=_contents(page),
    )


def _link(start: Path, label: str, target: Path, extra: str = "") -> str:
    address = os.path.relpath(placed(target), placed(start).parent)
    return f'<a href="{address}"{extra}>{html.escape(label)}</a>'


def _navigation(page: Path) -> str:
    parts = []
    for name, listed in sections():
        entries = "".join(f"<li>{_link(page, label, target, _current(page, target))}</li>" for label, target in listed)
        shown = " open" if any(target == page for _label, target in listed) or page == INDEX else ""
        parts.append(f"<details{shown}><summary>{html.escape(name)}</summary><ul>{entries}</ul></details>")
    return "".join(parts)


def _current(page: Path, target: Path) -> str:
    return ' aria-current="page"' if target == page else ""


def _around(page: Path) -> str:
    order = [entry for _name, listed in sections() for entry in listed]
    place = next((number for number, (_label, target) in enumerate(order) if target == page), None)
    if place is None:
        return ""
    before = _link(page, f"← {order[place - 1][0]}", order[place - 1][1]) if place else "<span></span>"
    after = _link(page, f"{order[place + 1][0]} →", order[place + 1][1]) if place + 1 < len(order) else ""
    return f'<nav class="around" aria-label="Pages before and after">{before}{after}</nav>'


def _contents(page: Path) -> str:
    found = [(level, name, text) for level, name, text in headings(page) if level in {2, 3}]
    if len(found) > _MOST_CONTENTS:
        found = [entry for entry in found if entry[0] == 2]
    if len(found) < 3:
        return ""
    entries = "".join(
        f'<li class="l{level}"><a href="#{html.escape(name)}">{html.escape(text.replace("`", ""))}</a></li>'
        for level, name, text in found
    )
    return f'<nav class="here" aria-label="On this page"><b>On this page</b><ul>{entries}</ul></nav>'
