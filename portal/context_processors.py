from django.conf import settings
from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, object]:
    """Return what the frame around every page shows: which provider this is, and a number to quote."""
    return {"is_sandbox": settings.CRYPTOMATE_IS_SANDBOX, "request_id": request.META.get("REQUEST_ID", "")}
