#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

from portal import embedded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    if sys.argv[1:2] != ["check"]:
        embedded.start_if_needed()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
