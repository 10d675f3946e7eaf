"""Master keys and what they protect: the only importer of cryptography.

A value's key is made of two halves. The session's secret is drawn by a process of intake at its
start and travels sealed to the courier's master key; the salt is drawn for each case of a customer
and lies in the key record. Whoever destroys the salt has destroyed the key, also for those who
have the master key, the session or a copy of the values.
"""

import os
from functools import lru_cache
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12

# Says what a key is for: one that is made for this can not be had by asking for something else.
_SESSION = b"sluice vault session 1"
_DATA_KEY = b"sluice vault key 1"
_ID_DIGITS = 16


class Unopenable(Exception):  # noqa: N818 - named by what it is
    """Another key made it, or somebody changed it: nothing tells which."""


class PublicKey:
    """A master key's public half: whoever has it can seal, and can not open."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.id = sha256(raw).hexdigest()[:_ID_DIGITS]
        self._key = X25519PublicKey.from_public_bytes(raw)

    @classmethod
    def parse(cls, text: str) -> Self:
        """From hexadecimal digits; raises ValueError saying what to do."""
        return cls(_parsed(text))

    def seal(self, secret: bytes) -> bytes:
        """A session's secret for the holder of the private half (RFC 9180)."""
        return _suite().encrypt(secret, self._key, _SESSION)


class MasterKey:
    """What the courier has, and nobody else."""

    def __init__(self, raw: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(raw)
        self.public = PublicKey(self._key.public_key().public_bytes_raw())
        self._open = lru_cache(maxsize=1024)(self._opened)

    @classmethod
    def parse(cls, text: str) -> Self:
        """From hexadecimal digits; raises ValueError saying what to do."""
        return cls(_parsed(text))

    def open(self, sealed: bytes) -> bytes:
        """A session's secret; one that was opened lately costs nothing. Raises `Unopenable`."""
        return self._open(sealed)

    def _opened(self, sealed: bytes) -> bytes:
        try:
            return _suite().decrypt(sealed, self._key, _SESSION)
        except (InvalidTag, ValueError) as error:
            raise Unopenable("a session") from error


def data_key(session: bytes, salt: bytes, whose: bytes) -> bytes:
    """The key of one case's values; `whose` binds it to tenant, customer and key id."""
    return HKDF(SHA256(), KEY_BYTES, salt, _DATA_KEY + b"\0" + whose).derive(session)


def encrypt(key: bytes, value: bytes, about: bytes) -> tuple[bytes, bytes]:
    """Nonce and ciphertext; `about` must be the same to decrypt, and is not in them."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce, AESGCM(key).encrypt(nonce, value, about)


def decrypt(key: bytes, nonce: bytes, sealed: bytes, about: bytes) -> bytes:
    """The value. Raises `Unopenable`."""
    try:
        return AESGCM(key).decrypt(nonce, sealed, about)
    except (InvalidTag, ValueError) as error:
        raise Unopenable("a value") from error


def new_master() -> tuple[str, str]:
    """A new pair in hexadecimal digits: private, public."""
    raw = os.urandom(KEY_BYTES)
    return raw.hex(), MasterKey(raw).public.raw.hex()


def _parsed(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text.strip())
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise ValueError(
            f"must be {KEY_BYTES * 2} hexadecimal digits; `sluice vault new-key` makes a pair"
        )
    return raw


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
