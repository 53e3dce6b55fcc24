#!/usr/bin/env python
import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

from audit.door import come_as_portal
from portal import embedded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    command = "".join(sys.argv[1:2])
    if command != "check":
        embedded.start_if_needed()
    if is_ours(command):
        come_as_portal()
    execute_from_command_line(sys.argv)


def is_ours(command: str) -> bool:
    """Tell our commands, which call actions, from the shell, `loaddata` and all that writes past them."""
    return command == "migrate" or any(Path(__file__).parent.glob(f"*/management/commands/{command}.py"))


if __name__ == "__main__":
    main()
