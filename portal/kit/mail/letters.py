"""How a mail is written: one text template gives subject, plain text and HTML.

`mail/<name>.txt` is the source. Its first line is the subject. After that, paragraphs; in the HTML, lines that begin
with a hyphen become a list, and a line `[What it does] https://...` to this portal, or such an address alone, becomes the
button. No address of anybody else is ever made a link: a name in a mail must not be able to lead people away.
A `mail/<name>.html` beside it, which extends `mail/base.html`, takes the place of the made HTML.
"""

import re
import unicodedata
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.template import TemplateDoesNotExist
from django.template.loader import get_template, render_to_string
from django.utils import timezone, translation

from portal.kit import brand
from portal.kit.notices.categories import Category
from portal.kit.notices.choices import unsubscribe_token
from portal.kit.settings import BRAND_ACCENT, BRAND_NAME, MAIL_FOOTER, SUPPORT, TIME_ZONE

SUBJECT_LIMIT = 200
PREHEADER_LIMIT = 140
_ADDRESS = re.compile(r"(?:\[(?P<label>[^\]\n]{1,80})\] )?(?P<url>https?://\S+)\Z")
_BLANK = re.compile(r"\n[ \t]*\n+")


@dataclass(frozen=True)
class Manner:
    """How a person is written to. An unknown language or zone is taken for the installation's."""

    language: str = ""
    time_zone: str = ""


@dataclass(frozen=True)
class Letter:
    """A mail as it is kept and sent."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Block:
    """A part of the body: a paragraph of lines, a list, or the way to a page of ours."""

    kind: Literal["paragraph", "list", "link"]
    lines: tuple[str, ...] = ()
    url: str = ""
    label: str = ""
    first: bool = False  # Of the links: the one that is a button.


@dataclass
class _Body:
    blocks: list[Block] = field(default_factory=list)
    linked: bool = False

    def add(self, paragraph: str) -> None:
        """Take in the next paragraph as it was written."""
        found = _ADDRESS.match(paragraph)
        if found and is_ours(found["url"]):
            label = (found["label"] or "").strip()
            self.blocks.append(Block("link", url=found["url"], label=label, first=not self.linked))
            self.linked = True
            return
        said: list[str] = []
        listed: list[str] = []
        for line in paragraph.splitlines():
            if line.startswith("- "):
                listed.append(line[2:].strip())
            else:
                said.append(line.strip())
        if said:
            self.blocks.append(Block("paragraph", lines=tuple(said)))
        if listed:
            self.blocks.append(Block("list", lines=tuple(listed)))


def compose(
    template: str,
    data: Mapping[str, Any],
    *,
    category: Category,
    person_id: UUID | None = None,
    manner: Manner = Manner(),
) -> Letter:
    """The letter of `mail/<template>.txt` with `data`, in the language and time zone of its reader.

    Texts of `data` are put on one line each: no value can begin a paragraph, a list or a link of its own.
    """
    values = {name: " ".join(value.split()) if isinstance(value, str) else value for name, value in data.items()}
    with _as_read_by(manner):
        written = render_to_string(f"mail/{template}.txt", values).strip().replace("\r\n", "\n")
        head, _newline, rest = written.partition("\n")
        subject = one_line(head)[:SUBJECT_LIMIT]
        body = _Body()
        paragraphs = [part.strip() for part in _BLANK.split(rest.strip()) if part.strip()]
        for paragraph in paragraphs:
            body.add(paragraph)
        frame = values | {
            "product": BRAND_NAME.value(),
            "footer": MAIL_FOOTER.value(),
            "support": SUPPORT.value(),
            "shades": brand.shades(BRAND_ACCENT.value() or brand.OWN),
            "subject": subject,
            "language": translation.get_language() or settings.LANGUAGE_CODE,
            "reason": str(category.reason),  # Why it comes; the template's own text may speak of another reason.
            "preheader": _preheader(body.blocks),
            "blocks": body.blocks,
            "unsubscribe_url": unsubscribe_url(person_id, category) if person_id else "",
            "settings_url": f"{settings.STEWARD_PUBLIC_URL}/me/notifications/settings" if category.listed else "",
        }
        body_text = "\n\n".join(_plain(paragraph) for paragraph in paragraphs)
        text = render_to_string("mail/frame.txt", frame | {"body": body_text}).strip() + "\n"
        return Letter(subject, text, get_html(template).render(frame))


def get_html(template: str) -> Any:
    """The template of the HTML: its own, or the frame that draws the blocks."""
    try:
        return get_template(f"mail/{template}.html")
    except TemplateDoesNotExist:
        return get_template("mail/base.html")


def unsubscribe_url(person_id: UUID, category: Category) -> str:
    """Where such mails are ended without signing in; empty for those that nobody can end."""
    if not category.may_choose("mail"):
        return ""
    return f"{settings.STEWARD_PUBLIC_URL}/unsubscribe/{unsubscribe_token(person_id, category.name)}"


def is_ours(url: str) -> bool:
    """Whether an address leads to this portal."""
    return url.startswith(f"{settings.STEWARD_PUBLIC_URL}/")


def one_line(text: str) -> str:
    """`text` without line breaks and control characters: fit for a header."""
    return " ".join("".join(" " if unicodedata.category(each)[0] == "C" else each for each in text).split())


def _plain(paragraph: str) -> str:
    """A paragraph of the plain text: an address stands on a line of its own, below what it does, so that every program makes it a link."""
    found = _ADDRESS.match(paragraph)
    if found and found["label"]:
        return f"{found['label'].strip()}:\n{found['url']}"
    return found["url"] if found else "\n".join(line.strip() for line in paragraph.splitlines())


def _preheader(blocks: list[Block]) -> str:
    """What a mail program shows beside the subject: the first sentence that is more than a greeting."""
    said = [" ".join(block.lines) for block in blocks if block.kind == "paragraph"]
    told = next((text for text in said if not text.endswith(",")), "")
    return told[:PREHEADER_LIMIT]


def _as_read_by(manner: Manner) -> ExitStack:
    stack = ExitStack()
    known = {code for code, _name in settings.LANGUAGES}
    language = manner.language if manner.language in known else settings.LANGUAGE_CODE
    zone = manner.time_zone if manner.time_zone in _zones() else TIME_ZONE.value()
    stack.enter_context(translation.override(language))
    stack.enter_context(timezone.override(ZoneInfo(zone)))
    return stack


@cache
def _zones() -> frozenset[str]:
    """Every zone there is, looked for once: it is a walk through files that takes longer than a mail."""
    return frozenset(available_timezones())
