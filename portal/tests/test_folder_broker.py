import threading
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from portal import folder_broker


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    folder_broker.register()
    queue = str(tmp_path / "queue")
    return {"data_folder_in": queue, "data_folder_out": queue, "control_folder": str(tmp_path / "control")}


def test_a_message_put_is_a_message_got(options: dict[str, Any]) -> None:
    with Connection("folder://", transport_options=options) as connection:
        queue = connection.SimpleQueue("alone")
        queue.put({"call_id": "1"})

        message = queue.get(timeout=5)

    assert message.payload == {"call_id": "1"}


def test_a_reader_beside_busy_writers_never_meets_half_a_message(options: dict[str, Any]) -> None:
    writers, each = 4, 100

    def write() -> None:
        with Connection("folder://", transport_options=options) as connection:
            queue = connection.SimpleQueue("work")
            for number in range(each):
                queue.put({"number": number, "padding": "x" * 20_000})

    threads = [threading.Thread(target=write) for _ in range(writers)]
    got = 0
    with Connection("folder://", transport_options=options) as connection:
        queue = connection.SimpleQueue("work")
        for thread in threads:
            thread.start()
        while got < writers * each:
            try:
                message = queue.get(timeout=5)
            except Empty:
                break
            message.ack()
            got += 1
    for thread in threads:
        thread.join()

    assert got == writers * each
