"""The keys that an external issuer publishes (JWKS): kept, renewed, and outlived by nothing but better ones."""

import threading
import time
from collections.abc import Callable
from http.client import HTTPException

import jwt
import structlog

logger = structlog.get_logger(__name__)

# A key that was withdrawn is forgotten after so long.
LIFESPAN_SECONDS = 300.0
# Tokens with unknown key ids cost nothing to make: they make us ask the issuer no more often than this.
PAUSE_SECONDS = 10.0
# One caller waits for the issuer; the others use what there is.
TIMEOUT_SECONDS = 2


class PublishedKeys(jwt.PyJWKClient):
    """PyJWT's client with what it lacks: a pause between fetches, and the last good keys while there are no others."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(url, cache_keys=False, cache_jwk_set=False, timeout=TIMEOUT_SECONDS)
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        # Of the clock.
        self._fetched_at = self._asked_at = float("-inf")

    def get_signing_key(self, kid: str) -> jwt.PyJWK:
        """The key of this id. Raises PyJWKClientError where the issuer publishes none, or cannot be asked."""
        if kid not in self._keys or self._clock() - self._fetched_at > LIFESPAN_SECONDS:
            self._renew()
        try:
            return self._keys[kid]
        except KeyError as error:
            raise jwt.PyJWKClientError("unknown key") from error

    def _renew(self) -> None:
        with self._lock:
            now = self._clock()
            if now - self._asked_at < PAUSE_SECONDS:
                return
            self._asked_at = now
            try:
                keys = {key.key_id: key for key in self.get_signing_keys() if key.key_id}
            except (jwt.PyJWTError, HTTPException, OSError, ValueError) as error:
                logger.warning("Keys of the external issuer cannot be had", exc_info=error)
                return
            self._keys, self._fetched_at = keys, now
