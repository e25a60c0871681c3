"""Which long passwords are too easy."""

import pytest
from django.core.exceptions import ValidationError

from accounts.predictable import NotPredictableValidator

VALIDATOR = NotPredictableValidator()


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "abcdefghijklmnop",
        "9876543210987654",
        "passwordpassword",
        "PassWord12345678",
        "manchesterunited",
        "football!football",
        "1q2w3e4r5t6y7u8i9o0p",
    ],
)
def test_what_a_list_and_a_few_rules_find_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        VALIDATOR.validate(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct-horse-battery-staple",
        "seven-purple-walruses-dance",
        "kq7wm-x3tbn-9ahfe-rr2cd-mm4pz",
        "vier Elche am Ofen!",
    ],
)
def test_unrelated_words_and_random_characters_pass(password: str) -> None:
    VALIDATOR.validate(password)
