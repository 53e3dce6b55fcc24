"""The doors: this machine only, then key, limit and faults before the API, and CSRF before the console."""

import logging
import os
from collections.abc import Callable
from hmac import compare_digest
from uuid import uuid4

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from sandbox import faults, limits, switches
from sandbox.errors import ApiError, server_error
from sandbox.traffic import traffic

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]
API_KEY = os.environ.get("CRYPTOMATE_API_KEY", "demo-api-key")
OWN_PATHS = ("/console", "/health")


def is_api(path: str) -> bool:
    return path != "/" and not path.startswith(OWN_PATHS)


class LoopbackOnly:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:
            return HttpResponseBadRequest("The sandbox answers to 127.0.0.1 and localhost only.")
        return self.get_response(request)


class ProviderGate:
    """Let a call pass as the provider would: by address, key and company, with the faults the console asked for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_api(request.path):
            return self.get_response(request)
        fault = ""
        response = self._refusal(request)
        if response is None:
            response, fault = self._answer(request)
        self._count(request, response, fault)
        if "X-Trace-Id" not in response:
            response["X-Trace-Id"] = uuid4().hex
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, ApiError):
            return exception.response()
        if not is_api(request.path):
            return None
        logger.error("%s failed", request.path, exc_info=exception)
        return server_error(request)

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        limited = not limits.is_exempt(request.path) and bool(switches.value_of("rate_limit"))
        wait = limits.limiter.seconds_to_wait(f"address {request.META['REMOTE_ADDR']}") if limited else 0
        if wait:
            return faults.too_many_requests(wait)
        if refused := _refuse_key(request):
            return refused.response()
        wait = limits.limiter.seconds_to_wait("company") if limited else 0
        return faults.too_many_requests(wait) if wait else None

    def _answer(self, request: HttpRequest) -> tuple[HttpResponse, str]:
        fault = faults.claim(request.method or "", request.path)
        if fault is None:
            return self.get_response(request), ""
        return faults.perform(fault, request, self.get_response), fault.kind

    def _count(self, request: HttpRequest, response: HttpResponse, fault: str) -> None:
        traffic.count(
            method=request.method or "",
            path=request.path,
            status=response.status_code,
            idempotency_key=request.headers.get("Idempotency-Key", ""),
            fault=fault,
        )


def _refuse_key(request: HttpRequest) -> ApiError | None:
    given = request.headers.get("x-api-key")
    if not given:
        return ApiError(401, "DENIED", "Header x-api-key is mandatory.")
    # On bytes: compare_digest refuses text that is not ASCII.
    if not compare_digest(given.encode(), API_KEY.encode()):
        return ApiError(401, "AUTH", "Invalid API key")
    return None


class ConsoleCsrf(CsrfViewMiddleware):
    """Ask browser forms for a token. JSON needs none: no page of another origin can send it here unasked."""

    def process_view(
        self,
        request: HttpRequest,
        callback: Callable[..., HttpResponseBase],
        callback_args: tuple[object, ...],
        callback_kwargs: dict[str, object],
    ) -> HttpResponseForbidden | None:
        if is_api(request.path) or request.content_type == "application/json":
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)
