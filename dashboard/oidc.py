"""Signing in through an agency's OpenID Connect provider: authorization code with PKCE and nonce, through Authlib.

The provider proves who somebody is; what the person may do and see is the account's, which has to exist here before.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any

from dashboard.options import OidcOptions

_SECONDS = 10.0
_KEPT = 3600.0  # a provider's addresses and keys are asked for again after this
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class ProviderError(Exception):
    """The provider does not answer, or what it answered proves nothing; the message is for the log."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What the browser keeps between leaving for the provider and coming back; of no use to anybody else."""

    state: str
    nonce: str
    verifier: str
    wanted: str

    def packed(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @classmethod
    def unpacked(cls, text: str) -> Flow | None:
        try:
            return cls(**{name: str(value) for name, value in json.loads(base64.urlsafe_b64decode(text)).items()})
        except (ValueError, TypeError, AttributeError):
            return None


class Provider:
    """One provider; its addresses and keys are asked for when they are needed."""

    def __init__(self, options: OidcOptions) -> None:
        self.options = options
        self._known: dict[str, tuple[float, Any]] = {}

    def begin(self, redirect_uri: str, wanted: str) -> tuple[str, Flow]:
        """Where to send the browser, and what it has to bring back.

        Raises:
            ProviderError: The provider does not answer.
        """
        flow = Flow(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), wanted)
        with self._client(redirect_uri) as client:
            address, _ = client.create_authorization_url(
                self._metadata()["authorization_endpoint"],
                state=flow.state,
                nonce=flow.nonce,
                code_verifier=flow.verifier,
            )
        return str(address), flow

    def finish(self, redirect_uri: str, flow: Flow, code: str) -> str:
        """The name the provider vouches for.

        Raises:
            ProviderError: It does not answer, or its token is not for us, not of this flow, or not signed by it.
        """
        from authlib.common.errors import AuthlibBaseError
        from httpx import HTTPError

        try:
            with self._client(redirect_uri) as client:
                token = client.fetch_token(self._metadata()["token_endpoint"], code=code, code_verifier=flow.verifier)
        except (AuthlibBaseError, HTTPError, ValueError) as error:
            raise ProviderError(f"no token: {type(error).__name__}") from error
        claims = self._claims(str(token.get("id_token", "")), flow.nonce)
        name = claims.get(self.options.claim)
        if not isinstance(name, str) or not name:
            raise ProviderError(f"the token has no {self.options.claim}")
        return name

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        it = self.options
        try:
            # The keys are asked for again when a token is signed with one we do not know: providers change them.
            for fresh in (False, True):
                keys = KeySet.import_key_set(self._keys(fresh=fresh))
                try:
                    claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
                    break
                except JoseError:
                    if fresh:
                        raise
            jwt.JWTClaimsRegistry(
                leeway=60,
                iss={"essential": True, "value": self._metadata()["issuer"]},
                aud={"essential": True, "value": it.client_id},
                exp={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            raise ProviderError(f"the token proves nothing: {type(error).__name__}") from error
        return dict(claims)

    def _metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = self._get(f"{self.options.issuer}/.well-known/openid-configuration")
        if found.get("issuer", "").rstrip("/") != self.options.issuer:
            raise ProviderError("the provider calls itself by another name than the settings do")
        return found

    def _keys(self, *, fresh: bool) -> Any:
        return self._get(str(self._metadata()["jwks_uri"]), fresh=fresh)

    def _get(self, address: str, *, fresh: bool = False) -> Any:
        import httpx

        known = self._known.get(address)
        if known is not None and not fresh and known[0] > time.monotonic() - _KEPT:
            return known[1]
        try:
            answer = httpx.get(address, timeout=_SECONDS)
            answer.raise_for_status()
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderError(f"{address}: {type(error).__name__}") from error
        self._known[address] = (time.monotonic(), found)
        return found

    def _client(self, redirect_uri: str) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client

        it = self.options
        return OAuth2Client(
            client_id=it.client_id,
            client_secret=it.client_secret or None,
            token_endpoint_auth_method="client_secret_basic" if it.client_secret else "none",
            scope="openid profile email",
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=_SECONDS,
        )
