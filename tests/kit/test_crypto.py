"""Sealing under named keys."""

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from portal.kit import crypto

OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 32).decode()


def test_what_was_sealed_opens_only_for_its_purpose_and_its_row() -> None:
    key_id, sealed = crypto.seal("mail", b"secret", bound_to=b"row 1")
    assert b"secret" not in sealed
    assert crypto.unseal("mail", key_id, sealed, bound_to=b"row 1") == b"secret"
    for purpose, row in (("mail", b"row 2"), ("other", b"row 1")):
        with pytest.raises(crypto.CannotDecrypt):
            crypto.unseal(purpose, key_id, sealed, bound_to=row)


def test_one_changed_bit_is_noticed() -> None:
    key_id, sealed = crypto.seal("mail", b"secret")
    for position in (0, len(sealed) // 2, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(crypto.CannotDecrypt):
            crypto.unseal("mail", key_id, bytes(changed))


def test_the_first_key_seals_and_every_key_opens(settings: Settings) -> None:
    settings.STEWARD_ENCRYPTION_KEYS = f"old:{OLD}"
    key_id, sealed = crypto.seal("mail", b"secret")
    settings.STEWARD_ENCRYPTION_KEYS = f"new:{NEW}, old:{OLD}"
    assert crypto.unseal("mail", key_id, sealed) == b"secret"
    assert crypto.seal("mail", b"secret")[0] == "new"
    settings.STEWARD_ENCRYPTION_KEYS = f"new:{NEW}"
    with pytest.raises(crypto.CannotDecrypt, match="Key old"):
        crypto.unseal("mail", key_id, sealed)


@pytest.mark.parametrize(
    "written", ["", "nokey", "id:notbase64!", f"id:{base64.b64encode(b'short').decode()}", f":{OLD}"]
)
def test_malformed_keys_are_refused_with_what_to_write(written: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="STEWARD_ENCRYPTION_KEYS"):
        crypto.parse_keys(written)


def test_keyed_hashes_differ_by_purpose() -> None:
    assert crypto.signature("a", "x") != crypto.signature("b", "x")
    assert crypto.signature("a", "x") == crypto.signature("a", "x")


def test_a_signature_holds_for_its_purpose_its_value_and_the_keys_of_now_and_before(settings: Settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "k" * 50, []
    made = crypto.signature("link", "row 1")
    assert len(bytes.fromhex(made)) == 32
    assert crypto.is_signature("link", "row 1", made) is True
    for purpose, value, given in (("other", "row 1", made), ("link", "row 2", made), ("link", "row 1", made[:-1])):
        assert crypto.is_signature(purpose, value, given) is False
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, ["k" * 50]
    assert crypto.is_signature("link", "row 1", made) is True
    assert crypto.signature("link", "row 1") != made
    settings.SECRET_KEY_FALLBACKS = []
    assert crypto.is_signature("link", "row 1", made) is False


def test_a_keyed_hash_is_made_by_the_key_of_now_and_found_by_those_before(settings: Settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "k" * 50, []
    (made,) = crypto.keyed("key", "word")
    assert len(made) == 32
    assert made not in (*crypto.keyed("key", "ward"), *crypto.keyed("other", "word"))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, ["k" * 50]
    now, before = crypto.keyed("key", "word")
    assert (now != made, before) == (True, made)


def test_random_words_have_the_length_that_was_asked_for_and_never_come_twice() -> None:
    assert len({crypto.token() for _ in range(100)}) == 100
    assert {len(crypto.token(size)) for size in (16, 32)} == {22, 43}
    assert len({crypto.base62(20) for _ in range(100)}) == 100
    assert [len(crypto.base62(size)) for size in (1, 6, 40)] == [1, 6, 40]
    assert set(crypto.base62(2_000)) == set(crypto.BASE62), "every letter and digit comes"


def test_a_token_is_looked_up_by_its_sha_256() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert crypto.digest("").hex() == empty, "FIPS 180-4, of no message"
