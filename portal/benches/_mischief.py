"""What goes wrong in a soak, drawn from its seed: at the provider, on the way, and with each process of ours."""

import contextlib
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from portal.benches._actors import STUMBLES
from portal.benches._postgres import Server
from portal.testing import Stack

PAUSE = (1.0, 4.0)  # seconds between two of them
RECOVERY = 8.0  # seconds after which whatever was restarted must answer again
PATHS = ("/management/**", "/cards/**", "/**")
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "429": {"kind": "rate_limit", "seconds": 1},
    "500": {"kind": "error", "status": 500},
    "503": {"kind": "error", "status": 503},
    "half an answer": {"kind": "half_body"},
    "dropped before it acted": {"kind": "drop_before"},
    "dropped after it acted": {"kind": "drop_after"},
    "slow": {"kind": "slow", "seconds": 3},
    "HTML": {"kind": "html"},
}


class Mischief:
    """Draws one fault after the other; everything is mended in the end."""

    def __init__(self, stack: Stack, server: Server, chance: random.Random) -> None:
        self._stack, self._server, self._chance = stack, server, chance
        self._upset_until = 0.0
        self.done: Counter[str] = Counter()
        self._kinds: dict[str, tuple[int, Callable[[], None]]] = {
            "provider": (14, self._provider),
            "webhooks": (3, self._webhooks),
            "worker killed": (3, lambda: self._again("worker", signal.SIGKILL)),
            "broker": (2, self._broker),
            "web restarted": (2, lambda: self._again("web", self._chance.choice([signal.SIGTERM, signal.SIGKILL]))),
            "beat": (2, self._beat),
            "PostgreSQL restarted": (1, self._database),
        }

    def make_until(self, stopping: threading.Event) -> None:
        while not stopping.wait(self._chance.uniform(*PAUSE)):
            names = list(self._kinds)
            name = self._chance.choices(names, [self._kinds[each][0] for each in names])[0]
            with contextlib.suppress(*STUMBLES):
                self._kinds[name][1]()

    def is_upset(self) -> bool:
        """Say whether something of ours is down, or was until a moment ago."""
        return monotonic() < self._upset_until

    def mend(self) -> None:
        """Take all faults away and start what is not running."""
        self._stack.console("DELETE", "faults")
        self._stack.console("POST", "settings", {"lost_deliveries": 0, "deliver_twice": False})
        if "second beat" in self._stack.running:
            self._stack.stop("second beat")
        for name in set(self._stack.commands) - set(self._stack.running) - {"second beat"}:
            self._stack.run(name)

    def _provider(self) -> None:
        name = self._chance.choice(list(FAULTS))
        path, times = self._chance.choice(PATHS), self._chance.randrange(1, 7)
        # In place of what is left of the one before: while nothing is called, nothing would use them up.
        self._stack.console("DELETE", "faults")
        self._stack.console("POST", "faults", {"path": path, "times": times, **FAULTS[name]})
        self.done[f"provider: {name}"] += times

    def _webhooks(self) -> None:
        lost, twice = self._chance.choice([0, 0, 30, 100]), self._chance.random() < 0.5
        self._stack.console("POST", "settings", {"lost_deliveries": lost, "deliver_twice": twice})
        self.done[f"webhooks: {lost} of 100 lost{', the others twice' if twice else ''}"] += 1

    def _again(self, name: str, sign: signal.Signals) -> None:
        self._upset()
        self._stack.stop(name, sign=sign)
        self._stack.run(name)
        self._upset()
        self.done[f"{name}: {sign.name}"] += 1

    def _broker(self) -> None:
        if "broker" in self._stack.commands:
            self._again("broker", signal.SIGKILL)
            return
        for message in Path(self._stack.env["VAR_DIR"], "broker", "queue").glob("*"):
            with contextlib.suppress(OSError):
                message.unlink()
        self.done["broker: its folder emptied"] += 1

    def _beat(self) -> None:
        if "second beat" in self._stack.running:
            self._stack.stop("second beat")
            return
        self._stack.commands["second beat"] = self._stack.commands["beat"]
        self._stack.run("second beat")
        self.done["beat: a second one"] += 1

    def _database(self) -> None:
        self._upset()
        self._server.kill()
        threading.Event().wait(self._chance.uniform(0, 2))
        self._server.start_again()
        self._upset()
        self.done["PostgreSQL: SIGKILL"] += 1

    def _upset(self) -> None:
        self._upset_until = monotonic() + RECOVERY
