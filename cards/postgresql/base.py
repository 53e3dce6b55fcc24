"""Where Django looks for a database backend: its PostgreSQL, with connections that can be told by when to answer."""

from typing import Any

from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper

from cards.postgresql.patience import Patience, PatientConnection, connect


class DatabaseWrapper(PostgresWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patience = Patience()

    def get_new_connection(self, conn_params: dict[str, Any]) -> PatientConnection:
        return connect(conn_params, self.patience)
