"""The RFC 3161 client: pyHanko's, with the tries, the slots and the checks a slow, public authority needs."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from asn1crypto import cms, core, tsp
from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError
from tenacity import AsyncRetrying, RetryError, retry_if_exception_type, stop_after_attempt, wait_exponential

from signing.breaker import Breaker
from signing.errors import TsaUnavailableError
from signing.settings import TimestampSettings
from signing.slots import NoLimit, Slots

_NETWORK_FAULTS = (TimestampRequestError, OSError, asyncio.TimeoutError)
_PAUSE = 0.01
"""Seconds between two looks for a free slot: less than a hundredth of the fastest answer seen of the state's TSA."""


class PatientTimestamper(HTTPTimeStamper):
    """Asks again when the network or the server fails, never when the server refused. For many threads at once.

    Each request waits for a slot, so that the authority never gets more than it stands; the waits between tries
    hold none. After many failures in a row nobody asks for a while.

    Raises (from ``async_timestamp``):
        TsaUnavailableError: No usable answer after all tries, a refusal, or the authority is left alone just now.
    """

    def __init__(self, settings: TimestampSettings, slots: Slots | None = None) -> None:
        super().__init__(settings.url, timeout=settings.timeout)
        self.settings = settings
        self.breaker = Breaker(settings.failures, settings.rest)
        self._slots = slots or NoLimit()
        self._turn = Turn()

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        settings = self.settings
        tries = AsyncRetrying(
            stop=stop_after_attempt(settings.tries),
            wait=wait_exponential(multiplier=settings.wait, exp_base=2),
            retry=retry_if_exception_type(_NETWORK_FAULTS),
        )
        try:
            async for attempt in tries:
                with attempt:
                    response = await self._ask(req)
        except RetryError as fault:
            last = fault.last_attempt.exception()
            raise TsaUnavailableError(settings.url, settings.tries, _describe(last)) from None
        self._check(req, response)
        return response

    async def _ask(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """One request in one slot; what comes of it counts for the breaker."""
        async with self._slot():
            rest = self.breaker.wait()
            if rest:
                raise TsaUnavailableError(
                    self.settings.url,
                    0,
                    f"{self.breaker.failures} failures in a row; left alone for {rest:.0f} s more",
                )
            try:
                response = await super().async_request_tsa_response(req)
            except (ValueError, TypeError):
                self.breaker.failed()
                raise self._unusable("the answer is not an RFC 3161 response") from None
            except BaseException:
                self.breaker.failed()
                raise
            self.breaker.succeeded()
            return response

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        async with self._turn:  # one of a process looks for a slot, the others wait for it
            while (give_back := self._slots.take()) is None:
                await asyncio.sleep(_PAUSE)
        try:
            yield
        finally:
            give_back()

    def _check(self, req: tsp.TimeStampReq, response: tsp.TimeStampResp) -> None:
        """What pyHanko leaves open: is it an answer at all, was it granted, and for these bytes?"""
        try:
            answer = _Answer.load(response.dump())
            status = answer["status"]["status"].native
            if status not in ("granted", "granted_with_mods"):
                raise self._unusable(f"refused with status {status}")
            info = answer["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
            same = info["message_imprint"].dump() == req["message_imprint"].dump()
            same_nonce = info["nonce"].native == req["nonce"].native
        except (ValueError, TypeError, KeyError, AttributeError):
            raise self._unusable("the answer is not an RFC 3161 response") from None
        if not same or not same_nonce:
            raise self._unusable("the answer is for another request")

    def _unusable(self, detail: str) -> TsaUnavailableError:
        return TsaUnavailableError(self.settings.url, 1, detail)


class Turn:
    """A lock for coroutines of many threads, each with an event loop of its own: who came first is next.

    Who waits sleeps until called. Threads that look again and again would take the interpreter from those that sign.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = deque()

    async def __aenter__(self) -> None:
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            called = asyncio.Event()
            self._waiting.append((asyncio.get_running_loop(), called))
        try:
            await called.wait()
        except BaseException:
            with self._lock:
                gone = [one for one in self._waiting if one[1] is called]
                for one in gone:
                    self._waiting.remove(one)
            if not gone:  # it was called already, and hands on what it does not use
                self._pass_on()
            raise

    async def __aexit__(self, *exception: object) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        with self._lock:
            while self._waiting:
                loop, called = self._waiting.popleft()
                with contextlib.suppress(RuntimeError):  # its loop was closed meanwhile
                    loop.call_soon_threadsafe(called.set)
                    return
            self._taken = False


class _Answer(core.Sequence):  # type: ignore[misc]
    """RFC 3161 TimeStampResp; asn1crypto's own lacks that a refusal comes without a token."""

    _fields: ClassVar = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


def _describe(fault: BaseException | None) -> str:
    cause = fault.__cause__ if fault is not None and fault.__cause__ is not None else fault
    return f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
