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
