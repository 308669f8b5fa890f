"""The run store: a SQLite file, or a PostgreSQL database that several people and workers share.

A store is opened by its URL (`sqlite:///runs.sqlite`, `postgresql://user@host/name`), or by the path of a SQLite file.
Opening it creates what is missing and brings an older store up to date. What is written is on the disk once a call
returns; a process that is killed leaves each call done or not done at all.
"""

from __future__ import annotations

import time as clock_of_machine
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, OperationalError

from .store_migrations import bring_up_to_date

T = TypeVar("T")

PATIENCE: Final = 60.0
"""Seconds for which a call is tried again while the database is away or another process holds what it needs."""

_AGAIN: Final = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"})
"""Codes of PostgreSQL after which the same call may do: conflicts, restarts, too many connections."""


class StoreError(Exception):
    """A store that cannot be used, or a run that is not there; said in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


class Store:
    """A store that is open; safe to use from several threads and processes at once."""

    def __init__(self, engine: Engine, *, patience: float = PATIENCE) -> None:
        self.engine, self.patience = engine, patience

    @property
    def url(self) -> str:
        """Where it is, without a password."""
        return self.engine.url.render_as_string(hide_password=True)

    def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` reads, all of one moment."""
        return self._tried(work, {"isolation_level": "REPEATABLE READ"} if self._is_server else {})

    def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` does in one transaction: all of it or nothing.

        `work` may be called again after a conflict or where the database went away, so it must give the same when it
        is done twice.
        """
        return self._tried(work, {} if self._is_server else {"writes": True})

    @property
    def _is_server(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    def _tried(self, work: Callable[[Connection], T], options: dict[str, Any]) -> T:
        until = clock_of_machine.monotonic() + self.patience
        pause = 0.05
        while True:
            try:
                with self.engine.connect().execution_options(**options) as connection, connection.begin():
                    return work(connection)
            except DBAPIError as error:
                if not _may_do_again(error) or clock_of_machine.monotonic() + pause > until:
                    raise
            clock_of_machine.sleep(pause)
            pause = min(2 * pause, 2.0)

    def close(self) -> None:
        """Give up all connections."""
        self.engine.dispose()


def open_store(url: str | Path, *, patience: float = PATIENCE) -> Store:
    """Open a store, creating it or bringing it up to date; a `StoreError` says why that cannot be."""
    engine = _engine(str(url))
    store = Store(engine, patience=patience)
    try:
        store.write(bring_up_to_date)
    except OperationalError as error:
        raise StoreError(
            f"打不开测算库 {store.url}：{_short(error)}", f"the store {store.url} cannot be opened: {_short(error)}"
        ) from error
    except DBAPIError as error:
        raise StoreError(
            f"{store.url} 不是测算库：{_short(error)}", f"{store.url} is no store: {_short(error)}"
        ) from error
    return store


def _engine(told: str) -> Engine:
    if "://" not in told:
        told = f"sqlite:///{told}"
    try:
        url = make_url(told)
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() == "sqlite":
            return _sqlite(url.render_as_string(hide_password=False), url.database)
        if url.get_backend_name() == "postgresql":
            return create_engine(url, pool_pre_ping=True, pool_recycle=600)
    except (ArgumentError, NoSuchModuleError) as error:
        raise _wrong_url(told) from error
    except ModuleNotFoundError as error:
        raise StoreError(
            "连接 PostgreSQL 需要另装组件：pip install 'qingdan[postgres]'",
            "PostgreSQL needs a further package: pip install 'qingdan[postgres]'",
        ) from error
    raise _wrong_url(told)


def _wrong_url(told: str) -> StoreError:
    return StoreError(
        f"不认识测算库地址 {told}；写成 sqlite:///文件 或 postgresql://用户@主机/库名",
        f"{told} is no address of a store; write sqlite:///FILE or postgresql://USER@HOST/NAME",
    )


def _sqlite(url: str, file: str | None) -> Engine:
    if not file or file == ":memory:":
        raise StoreError("测算库须是一个文件", "a store must be a file")
    if not Path(file).absolute().parent.is_dir():
        raise StoreError(
            f"没有文件夹 {Path(file).absolute().parent}", f"there is no folder {Path(file).absolute().parent}"
        )
    engine = create_engine(url, connect_args={"timeout": 60.0})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions begin below, as this program wants them
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # who will write says so at once: a reader that turns writer may find the file changed under it
        kind = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
        connection.exec_driver_sql(f"BEGIN {kind}")

    return engine


def _may_do_again(error: DBAPIError) -> bool:
    if error.connection_invalidated or isinstance(error, IntegrityError):
        # of an integrity error: someone removed or added the same thing at the same moment
        return error.connection_invalidated or _is_passing(error)
    if getattr(error.orig, "sqlstate", None) in _AGAIN:
        return True
    told = str(error.orig).lower()
    lost = ("connection", "server closed", "database is locked", "the database system is")
    return isinstance(error, OperationalError) and any(word in told for word in lost) and "does not exist" not in told


def _is_passing(error: DBAPIError) -> bool:
    told = str(error.orig).lower()
    return "foreign key" in told or "unique" in told


def _short(error: DBAPIError) -> str:
    return " ".join(str(error.orig).split())[:200]
