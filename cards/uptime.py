"""How long deliveries could come in: silence means something only while the provider can reach us."""

import logging
from datetime import datetime, timedelta

from cards.comparing import compare_again, lapse
from cards.velocity import PortalMinute

logger = logging.getLogger(__name__)

SILENT_MINUTES = 60  # an approval that the provider has not confirmed by then counts no more
KEEP = timedelta(days=7)


def note_running(*, now: datetime) -> None:
    """Note that a web process runs and reaches the database: it could take a delivery this minute."""
    PortalMinute.note(at=now)


def follow_up_decisions(*, now: datetime) -> None:
    """Let go of approvals that nothing followed for an hour of deliveries coming in."""
    compare_again(now=now)
    since = PortalMinute.ago(SILENT_MINUTES)
    lapsed = lapse(before=since) if since else 0
    if lapsed:
        logger.warning("%s approvals count no more: the provider never spoke of them", lapsed)
    PortalMinute.forget(before=now - KEEP)
