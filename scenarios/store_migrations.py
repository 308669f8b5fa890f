"""Bringing a store up to date: the steps in `migrations/versions`, each done once and whole."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

FOLDER: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 7_246_105  # of this program alone: two processes do not migrate at once


class NewerStoreError(Exception):
    """A store that a later version of this program has written."""

    def __init__(self, version: str) -> None:
        self.zh = f"测算库是由更新版本的程序建立的（{version}），请升级本程序"
        self.en = f"the store was written by a later version of this program ({version}); upgrade it"
        super().__init__(f"{self.zh} / {self.en}")


def bring_up_to_date(connection: Connection) -> None:
    """Do the steps that a store lacks, within the transaction of `connection`."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    settings.attributes["connection"] = connection
    known = ScriptDirectory.from_config(settings)
    there = MigrationContext.configure(connection).get_current_revision()
    if there == known.get_current_head():
        return
    if there is not None and there not in {step.revision for step in known.walk_revisions()}:
        raise NewerStoreError(there)
    command.upgrade(settings, "head")
