import logging

import psycopg
from django.db import Error

WITHHELD = "(what the database said quotes the row, and is left out)"


class QuietFormatter(logging.Formatter):
    """Writes no words of the database: they quote the values of the row it refused, which are a person's."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        error = record.exc_info[1] if record.exc_info else None
        while error is not None:
            if isinstance(error, Error | psycopg.Error) and str(error):
                text = text.replace(str(error), WITHHELD).replace(repr(error), f"{type(error).__name__} {WITHHELD}")
            error = error.__cause__ or error.__context__
        return text
