"""Signed tokens for links in mails, receipts and snapshots, and random tokens for sessions and mailed codes."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode

from forum import clock

MOST_CHARACTERS = 4096
_TOKEN_BYTES = 32


class BadToken(Exception):
    """A token that can't be taken."""


class Expired(BadToken):
    """A true token, but too old."""


class Invalid(BadToken):
    """Not a token of ours, one for another purpose, or one that was changed."""


class _Stamp(TimestampSigner):
    """Stamps with the forum's own clock, so that tests can set the time."""

    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


class Signer:
    """Signs small records with the secret of the site, so that they come back from outside unchanged.

    Signed is not secret: whoever holds a token can read it. A token for one purpose never works for another, as the
    purpose is the salt of the key (HMAC-SHA-256, the key derived by HMAC).
    """

    def __init__(self, secret: str, former: Sequence[str] = ()) -> None:
        """`secret` signs. Tokens signed with a `former` secret are still read, so that it can be changed while mails
        are on their way. An empty secret is refused (ValueError)."""
        if not all((secret, *former)):
            raise ValueError("the secret must not be empty")
        self._secrets = [*reversed(former), secret]
        self._serializers: dict[str, URLSafeTimedSerializer] = {}

    def sign(self, purpose: str, data: Mapping[str, Any]) -> str:
        """A token that carries `data` and the time, made of letters, digits, `-`, `_` and `.`. What JSON doesn't know
        is refused (TypeError)."""
        return str(self._serializer(purpose).dumps(dict(data)))

    def read(self, purpose: str, token: str, max_age_seconds: int | None = None) -> dict[str, Any]:
        """The data of a token for this purpose, at most `max_age_seconds` old (None: however old). Raises Expired, or
        Invalid for anything else that is not right."""
        if len(token) > MOST_CHARACTERS or not token.isascii():
            raise Invalid("not a token of ours")
        try:
            data = self._serializer(purpose).loads(token, max_age=max_age_seconds)
        except SignatureExpired as error:
            raise Expired(str(error)) from None
        except BadData as error:
            raise Invalid(str(error)) from None
        signature = token.rpartition(".")[2]
        if not isinstance(data, dict) or base64_encode(base64_decode(signature)).decode() != signature:
            # The last letter of a signature has bits to spare: only one spelling of a token is ours.
            raise Invalid("not a token of ours")
        return data

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        if purpose not in self._serializers:
            self._serializers[purpose] = URLSafeTimedSerializer(
                self._secrets,
                salt=f"forum.{purpose}",
                signer=_Stamp,
                signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
            )
        return self._serializers[purpose]


def new_token() -> str:
    """256 random bits, URL-safe: 43 letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_hash(token: str) -> str:
    """SHA-256 of a token, in hexadecimal: what tables keep instead of the token, so that reading a table opens nothing.
    Lone surrogates, which no token of ours has, are hashed too."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
