"""Words of our own docstrings on pages."""

import pytest

from portal.kit.templatetags.kit import marked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Plain words.", "Plain words."),
        ("Take `If-Match` along.", "Take <code>If-Match</code> along."),
        ("`a` & `<b>`", "<code>a</code> &amp; <code>&lt;b&gt;</code>"),
        ("One ` alone & <i>", "One ` alone &amp; &lt;i&gt;"),
        ("{} and `{0}`", "{} and <code>{0}</code>"),
        ("", ""),
    ],
)
def test_what_stands_between_backticks_is_code_and_nothing_is_markup(text: str, shown: str) -> None:
    assert marked(text) == shown
