"""The broker of a machine that runs none: messages as files in a folder.

kombu's filesystem transport opens a file where readers look and writes it afterwards; a reader that comes between finds
half a message, and the worker stops. Here a file appears under its name only when it is whole. A message can still be
lost when a process is killed, which costs the wait for the next sweep.
"""

import os
import uuid
from pathlib import Path
from time import monotonic_ns
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

SCHEME = "folder"


class Channel(filesystem.Channel):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for folder in (self.data_folder_in, self.data_folder_out, self.control_folder):
            Path(folder).mkdir(parents=True, exist_ok=True)

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override] # as the class it extends
        name = f"{monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        _write_whole(Path(self.data_folder_out) / name, dumps(payload))

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str) -> None:
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        table = self.get_table(exchange)
        if bound not in table:
            _write_whole(Path(self.control_folder) / f"{exchange}.exchange", dumps([bound, *table]))


class Transport(filesystem.Transport):
    Channel = Channel


def register() -> None:
    """Let broker addresses begin with `folder://`."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"


def _write_whole(path: Path, text: str) -> None:
    draft = path.with_name(f".{uuid.uuid4()}")
    draft.write_text(text)
    os.replace(draft, path)  # noqa: PTH105 - one step, in one folder
