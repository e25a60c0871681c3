"""E-mail addresses in the one form in which they are kept and compared; and those that only look like another.

Two spellings of one address are one account: blanks, full-width letters and the case of the domain make no difference
(NFKC, then the domain as DNS has it), nor does the case of the rest, which the database compares in lower case. A part
before the @ beyond ASCII is refused: hardly any server takes one, and each letter of it may be drawn like another. So
are labels of a domain that mix scripts, or are made of letters that all look Latin (UTS 39, the idea of browsers).
"""

import re
import unicodedata

# Letters of other scripts that nobody tells from Latin ones; a label of these alone is made to be mistaken.
_TWINS = frozenset("асԁеһіјӏорԛѕԝхуъьҽпгѵѡ" + "αικνρυωηοτ")
# Scripts that are written together.
_TOGETHER = ({"CJK", "HIRAGANA", "KATAKANA"}, {"CJK", "HANGUL"}, {"CJK", "BOPOMOFO"})
_PUNYCODE = "xn--"
_WORD_END = re.compile("[ -]")
_ASCII = re.compile(r"[\x00-\x7f]*\Z")


def canonical(text: str) -> str:
    """`text` as it is kept: no blanks around it, compatibility forms folded, the domain in lower case and ASCII.

    What is no address, or has a domain that DNS could not hold, comes back as it is for the rules to refuse.
    """
    folded = unicodedata.normalize("NFKC", text).strip()
    local, at, domain = folded.rpartition("@")
    if not at:
        return folded
    try:
        return f"{local}@{'.'.join(_in_ascii(label) for label in domain.lower().split('.'))}"
    except UnicodeError:
        return folded


def looks_like_another(address: str) -> bool:
    """Whether an address in its one form could be taken for another one at a look; see the head of this module."""
    if not _ASCII.match(address):
        return True  # Before the @; or a domain that DNS would make another one of.
    domain = address.rpartition("@")[2]
    return any(_deceives(_readable(label)) for label in domain.lower().split("."))


def _in_ascii(label: str) -> str:
    if _ASCII.match(label):
        return label
    encoded = label.encode("idna").decode("ascii")
    if encoded.encode("ascii").decode("idna") != label:
        # The old rules of DNS turn some letters into others (ß into ss): the mail would go to somebody else.
        raise UnicodeError(label)
    return encoded


def _readable(label: str) -> str:
    """The label as a browser or mail program would show it."""
    if not label.startswith(_PUNYCODE):
        return label
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label


def _deceives(label: str) -> bool:
    if _ASCII.match(label):
        return False
    letters = [char for char in label if char.isalpha()]
    scripts = {_WORD_END.split(unicodedata.name(char, "?"), maxsplit=1)[0] for char in letters}
    mixed = len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER)
    return mixed or (scripts != {"LATIN"} and all(char in _TWINS for char in letters))
