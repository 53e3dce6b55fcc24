"""The message to the provider's support about a review that takes too long, ready to send."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from django.conf import settings

from customers.standing import Standing

MOST_CALLS = 8


@dataclass(frozen=True)
class SupportMessage:
    to: str
    subject: str
    body: str

    @property
    def mailto(self) -> str:
        return f"mailto:{self.to}?subject={quote(self.subject)}&body={quote(self.body)}"


def support_message(standing: Standing) -> SupportMessage:
    """Put together ids, times and trace ids. It names nobody: the ids are enough for support."""
    customer, request = standing.customer, standing.request
    lines = ["Hello,", "", "this individual client has been waiting for your verdict. Please look into it.", ""]
    lines.append(f"Client: {customer.api_id or 'not registered yet'}")
    if request:
        lines += [
            f"Product request: {request.api_id} ({request.product})",
            f"Status: client {customer.remote_status or 'unknown'}, request {request.remote_status or 'unknown'}",
            f"Submitted: {_utc(request.submitted_at)}",
            f"Last looked at by us: {_utc(request.synced_at)}",
        ]
    lines += ["", "Our calls, newest first:", *_calls(standing), "", "Thank you"]
    subject = f"Client {customer.api_id or customer.pk} is still pending"
    return SupportMessage(to=settings.CRYPTOMATE_SUPPORT_EMAIL, subject=subject, body="\n".join(lines))


def _calls(standing: Standing) -> list[str]:
    return [
        f"- {call.get_kind_display()}, {_utc(call.sent_at or call.wanted_at)}, "
        f"{call.get_state_display().lower()}, trace {call.trace_id or 'none'}"
        for call in standing.calls[:MOST_CALLS]
    ]


def _utc(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if moment else "never"
