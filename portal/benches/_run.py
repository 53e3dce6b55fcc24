"""What was asked of a run, and the databases it measures."""

from dataclasses import dataclass

from portal.benches import generate
from portal.benches._postgres import Server

EVENTS_PER_CARD = 5


@dataclass(frozen=True)
class Run:
    server: Server
    cards: int
    events: int
    rate: float
    seconds: float
    deliveries: int

    def large(self) -> str:
        return generate.ready(self.server, cards=self.cards, events=self.events)

    def small(self, cards: int) -> str:
        """Return a database made anew: what earlier runs left would be much beside the little there is."""
        return generate.anew(self.server, cards=cards, events=cards * EVENTS_PER_CARD)
