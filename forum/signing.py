"""Signed tokens (itsdangerous) for links, messages and receipts, and random tokens for sessions and mailed codes."""

import hashlib
import secrets
from typing import Any

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer


class BadToken(Exception):
    """A token that can't be taken."""


class Expired(BadToken):
    """A true token, but too old."""


class Invalid(BadToken):
    """Not a token of ours, or one for another purpose."""


class Signer:
    """Signs values so that nobody else can make or change them. A token for one purpose never works for another."""

    def __init__(self, secret: str) -> None:
        if not secret:
            raise ValueError("the secret must not be empty")
        self._secret = secret

    def sign(self, purpose: str, data: dict[str, Any]) -> str:
        """A URL-safe token that carries `data` (JSON values, readable by anybody) and the time."""
        return str(self._serializer(purpose).dumps(data))

    def read(self, purpose: str, token: str, max_age_seconds: int | None = None) -> dict[str, Any]:
        """The data of a token. Expired past `max_age_seconds`, Invalid for anything else that is not right."""
        try:
            data = self._serializer(purpose).loads(token, max_age=max_age_seconds)
        except SignatureExpired as error:
            raise Expired(str(error)) from None
        except BadSignature as error:
            raise Invalid(str(error)) from None
        if not isinstance(data, dict):
            raise Invalid("not a token of ours")
        return data

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self._secret, salt=f"forum.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
        )


def new_token() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """SHA-256 of a token, in hexadecimal: what tables keep instead of the token."""
    return hashlib.sha256(token.encode()).hexdigest()
