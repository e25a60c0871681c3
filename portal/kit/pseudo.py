"""The pseudo-locale: every text that can be translated, in accented letters, a third longer and in brackets.

Whoever looks at a page in it sees at once what was forgotten, what breaks when words are longer, and where a sentence
is put together from pieces. It is made of the English text when it is asked for, so it is always whole.
"""

import re
from gettext import NullTranslations

from django.utils.translation import trans_real

CODE = "en-xa"
_CONTEXT = "\x04"  # Between context and text, as gettext writes it.
_LETTERS = str.maketrans("AaBbCcDdEeGgHhIiJjKkLlMmNnOoPpRrSsTtUuWwYyZz", "ÅåƁƀÇçÐðÉéĜĝĤĥÎîĴĵĶķĻļṀṁÑñÖöÞþŔŕŠšŢţÛûŴŵÝýŽž")
# Places that are filled in, tags and entities stay as they are.
_KEPT = re.compile(r"%\(\w+\)[#0\- +]*\d*\.?\d*[sdif]|%[sdif%]|\{\w*\}|<[^>]+>|&#?\w+;")


def text(message: str) -> str:
    """A message in the pseudo-locale."""
    if not message.strip():
        return message
    parts, start = [], 0
    for kept in _KEPT.finditer(message):
        parts += [message[start : kept.start()].translate(_LETTERS), kept.group()]
        start = kept.end()
    parts.append(message[start:].translate(_LETTERS))
    return f"[{''.join(parts)}{'·' * (len(message) // 3)}]"


class Pseudo(NullTranslations):
    """What Django takes for a catalogue of translations."""

    def language(self) -> str:
        """Its code."""
        return CODE

    to_language = language

    def gettext(self, message: str) -> str:
        """One message. How a date is written is no text: its letters stand for parts of the date."""
        context, _sign, plain = message.rpartition(_CONTEXT)
        return plain if context.startswith("date format") else text(plain)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The form for a number, as English has two."""
        return self.gettext(msgid1 if n == 1 else msgid2)


def install() -> None:
    """Let Django know it, as if it had read a catalogue."""
    trans_real._translations.setdefault(CODE, Pseudo())  # type: ignore[attr-defined]
