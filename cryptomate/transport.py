"""One HTTP exchange with CryptoMate: how it is sent, how its failure is named, what may be told about it."""

import io
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, urlsplit

import requests
from urllib3.exceptions import HTTPError, NewConnectionError

from cryptomate.errors import (
    ApiUnavailable,
    CryptoMateError,
    MalformedAnswer,
    NoAnswer,
    NotSent,
    error_from_answer,
    seconds_to_wait,
    trace_id_of,
)
from cryptomate.novelties import Novelty, in_answer
from cryptomate.reading import key_paths, parse_json, write_json

T = TypeVar("T")
Query = Sequence[tuple[str, str | int]]
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
LONGEST_CHAIN = 10


class Place(NamedTuple):
    """The endpoint as the documentation writes it, and the path with its ids filled in."""

    endpoint: str
    path: str


def at(endpoint: str, **ids: str) -> Place:
    """Fill ids into an endpoint. Raises ValueError on an id that would lead to another one."""
    if any(each in {"", ".", ".."} for each in ids.values()):
        raise ValueError(f"{endpoint} needs an id.")
    return Place(endpoint, endpoint.format(**{name: quote(each, safe="") for name, each in ids.items()}))


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What may be kept about one call: no query, no body, no header."""

    method: str
    endpoint: str
    path: str
    status: int | None
    code: str
    trace_id: str
    duration_ms: int
    error: str  # class name, empty when the call succeeded
    retry_after: float | None = None  # seconds that the provider asked us to wait
    shape: frozenset[str]  # where the answer had which type of value, such as `address.city:str`
    novelties: frozenset[Novelty] = frozenset()  # what it had that the contract does not name


class Transport:
    """Sends with one session and one key, and returns what `read` makes of the answer or raises CryptoMateError."""

    def __init__(
        self,
        *,
        url: str,
        api_key: str,
        session: requests.Session | None,
        timeout: tuple[float, float],
        observe: Callable[[Exchange], None] | None,
    ) -> None:
        self._url = _checked_url(url)
        self._api_key = _checked_key(api_key)
        self._session = session or _session_for(self._url)
        self._timeout = timeout
        self._observe = observe

    def call(
        self,
        method: str,
        place: Place,
        read: Callable[[Any], T],
        *,
        query: Query = (),
        body: Mapping[str, Any] | None = None,
        idempotency_key: str = "",
        secret: str = "",
    ) -> T:
        started = time.monotonic()
        headers = self._headers(body, idempotency_key)
        answer: requests.Response | None = None
        content: Any = None
        error: CryptoMateError | None = None
        try:
            answer = self._send(method, place, query, body, headers)
            content = _content(answer)
            return _accept(answer, content, read, changes_something=method != "GET")
        except CryptoMateError as failure:
            for hidden in filter(None, (self._api_key, secret)):
                failure.message = failure.message.replace(hidden, "…")
            error = failure
            raise
        finally:
            if self._observe:
                self._observe(_exchange(method, place, started, answer, content, error))

    def _headers(self, body: Mapping[str, Any] | None, idempotency_key: str) -> dict[str, str]:
        headers = {"x-api-key": self._api_key, "Accept": "application/json", "User-Agent": "cryptomate-portal"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return headers

    def _send(
        self, method: str, place: Place, query: Query, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> requests.Response:
        try:
            return self._send_once(method, place, query, body, headers)
        except NotSent:
            if method != "GET":
                raise
        return self._send_once(method, place, query, body, headers)

    def _send_once(
        self, method: str, place: Place, query: Query, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> requests.Response:
        # A stream is sent in blocks, each within the connect timeout; bytes would have to leave whole within it, which
        # no large image does over a slow line.
        stream = None if body is None else io.BytesIO(write_json(body).encode())
        try:
            return self._session.request(
                method,
                self._url + place.path,
                params=[(name, str(value)) for name, value in query],
                data=stream,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except (requests.RequestException, HTTPError) as failure:
            error = _unavailable(failure, changes_something=method != "GET")
        raise error  # out here, so that no traceback or report carries the request with its key and its body


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
        raise ValueError("The API's address must look like https://api.cryptomate.me")
    return url.rstrip("/")


def _checked_key(api_key: str) -> str:
    if not api_key or not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise ValueError("The API key must be printable ASCII without spaces.")
    return api_key


def _session_for(url: str) -> requests.Session:
    session = requests.Session()
    # A sandbox on this machine cannot be reached through the proxy that the environment names for the internet.
    session.trust_env = urlsplit(url).hostname not in LOOPBACK
    return session


def _unavailable(failure: Exception, *, changes_something: bool) -> ApiUnavailable:
    reason = type(_root(failure)).__name__
    if _was_never_sent(failure):
        return NotSent(reason=reason)
    error = NoAnswer(reason=reason)
    error.acted_possibly = changes_something
    return error


def _was_never_sent(failure: Exception) -> bool:
    if isinstance(failure, requests.ConnectTimeout | requests.exceptions.ProxyError | ValueError):
        return True  # a ValueError is an address or a header that cannot be sent
    return any(isinstance(each, NewConnectionError | ssl.SSLCertVerificationError) for each in _chain(failure))


def _root(failure: BaseException) -> BaseException:
    return list(_chain(failure))[-1]


def _chain(failure: BaseException) -> Iterator[BaseException]:
    """Walk inwards: requests and urllib3 keep the cause in `reason` or among the arguments."""
    current: BaseException | None = failure
    for _ in range(LONGEST_CHAIN):
        if current is None:
            return
        yield current
        inner = [getattr(current, "reason", None), *current.args]
        current = next((each for each in inner if isinstance(each, BaseException)), None)


def _content(answer: requests.Response) -> Any:
    """Return the answer's JSON. None where there is none; a MalformedAnswer, not raised, where it is something else."""
    if not answer.content.strip():
        return None
    try:
        return parse_json(answer.content)
    except MalformedAnswer as malformed:
        return malformed


def _accept(answer: requests.Response, content: Any, read: Callable[[Any], T], *, changes_something: bool) -> T:
    if not 200 <= answer.status_code < 300:
        raise error_from_answer(answer.status_code, answer.headers, content, changes_something=changes_something)
    try:
        if isinstance(content, MalformedAnswer):
            raise content
        return read(content)
    except MalformedAnswer as malformed:
        malformed.status = answer.status_code
        malformed.trace_id = trace_id_of(answer.headers, content)
        malformed.acted_possibly = changes_something
        raise


def _exchange(
    method: str,
    place: Place,
    started: float,
    answer: requests.Response | None,
    content: Any,
    error: CryptoMateError | None,
) -> Exchange:
    return Exchange(
        method=method,
        endpoint=place.endpoint,
        path=place.path,
        status=None if answer is None else answer.status_code,
        code=error.code if error else "",
        trace_id="" if answer is None else trace_id_of(answer.headers, content),
        duration_ms=round((time.monotonic() - started) * 1000),
        error=type(error).__name__ if error else "",
        retry_after=None
        if answer is None
        else seconds_to_wait(answer.headers.get("Retry-After"), now=datetime.now(UTC)),
        shape=frozenset(key_paths(content)) if isinstance(content, dict | list) else frozenset(),
        novelties=frozenset() if answer is None else in_answer(place.endpoint, answer.status_code, content),
    )


def nothing(_content: Any) -> None:
    """Read an answer whose content does not matter."""
