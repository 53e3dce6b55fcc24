"""Refusals in the provider's words, and the answers they become."""

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse


class ApiError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def response(self) -> HttpResponse:
        trace_id = uuid4().hex
        answer = respond({"code": self.code, "message": self.message, "trace_id": trace_id}, status=self.status)
        answer["X-Trace-Id"] = trace_id
        return answer


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BAD_REQUEST", message)


def missing_value(message: str) -> ApiError:
    return ApiError(400, "VAL", message)


def value_not_allowed() -> ApiError:
    return ApiError(400, "VALUE_NOT_ALLOWED", "Sent request is invalid")


def not_found(message: str = "Resource not found") -> ApiError:
    return ApiError(404, "NOT_FOUND", message)


def conflict(message: str) -> ApiError:
    return ApiError(409, "VAL", message)


def business_rule(message: str) -> ApiError:
    return ApiError(412, "VAL", message)


class InputError(ValueError):
    """The console was asked for something it does not know."""


class StepError(Exception):
    """The console was asked for something that cannot happen now."""


def _plain(value: object) -> float | str:
    # The provider answers amounts as JSON numbers. A float prints its shortest form, so two decimals stay two.
    return float(value) if isinstance(value, Decimal) else str(value)


def dumps(data: Any) -> str:
    return json.dumps(data, default=_plain)


def respond(data: Any, *, status: int = 200) -> HttpResponse:
    return HttpResponse(dumps(data), status=status, content_type="application/json")


def unknown_path(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return not_found().response()


def server_error(request: HttpRequest) -> HttpResponse:
    return ApiError(500, "SERVER_ERROR", "Internal server error").response()
