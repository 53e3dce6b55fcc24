import base64
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from vault.tests.models import registry


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Give the models of these tests their tables for as long as the run lasts."""
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        for model in registry.get_models():
            editor.create_model(model)
    yield
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        for model in registry.get_models():
            editor.delete_model(model)


@pytest.fixture
def new_key() -> Callable[[], str]:
    return lambda: base64.urlsafe_b64encode(os.urandom(32)).decode()


@pytest.fixture
def rotate(settings: Any, new_key: Callable[[], str]) -> Callable[[], None]:
    """Put a new key in front of the present ones."""

    def put_new_key_first() -> None:
        settings.DATA_KEYS = [new_key(), *settings.DATA_KEYS]

    return put_new_key_first


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    settings.DOCUMENT_STORAGE = ""
    return tmp_path / "documents"
