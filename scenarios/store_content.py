"""What a store keeps by content: files, books, and scenarios with who decided what in them, and why."""

from __future__ import annotations

import hashlib
import json
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from ..models.book import Book, read_book, write_book
from ..models.names import names_of
from ..models.scenario import Scenario, parse_scenario
from .differences import Change, differences
from .store import Store, StoreError
from .store_tables import book_files, books, clock, decisions, files, run_files, scenarios

_PACKED: Final = (".csv", ".json", ".toml")
"""Endings of files that become smaller when packed; arrays are packed already."""


def insert_new(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows that are not there yet; those that are stay as they are."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    for row in rows:
        connection.execute(dialect.insert(table).values(**row).on_conflict_do_nothing())


def packed_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Every file of a folder by its name, ready to be put into the table of files."""
    found = {}
    for path in sorted(folder.iterdir()):
        body = path.read_bytes()
        packed = path.suffix in _PACKED
        found[path.name] = {
            "sha256": hashlib.sha256(body).hexdigest(),
            "size": len(body),
            "packed": packed,
            "body": zlib.compress(body, 6) if packed else body,
        }
    return found


def write_files(connection: Connection, names: Iterable[tuple[str, str]], folder: Path) -> None:
    """Write stored files under their names, each compared with its own sum."""
    for name, sha256 in names:
        row = connection.execute(select(files.c.packed, files.c.body).where(files.c.sha256 == sha256)).one()
        body = zlib.decompress(row.body) if row.packed else row.body
        if hashlib.sha256(body).hexdigest() != sha256:
            raise StoreError(f"测算库里的文件 {name} 已损坏", f"the stored file {name} is damaged")
        (folder / name).write_bytes(body)


def add_book(store: Store, book: Book, *, by: str) -> str:
    """Keep a book, without its own scenario; gives its SHA-256. A book that is there already is not added again."""
    sha256 = book.digest()
    if store.read(lambda connection: connection.scalar(select(books.c.sha256).where(books.c.sha256 == sha256))):
        return sha256
    with tempfile.TemporaryDirectory() as room:
        write_book(replace(book, scenario_text=None), Path(room) / "book")
        held = packed_files(Path(room) / "book")

    def work(connection: Connection) -> None:
        insert_new(connection, files, held.values())
        row = {
            "sha256": sha256, "title": book.settings.title, "data_kind": book.settings.data_kind,
            "communities": book.table("communities").height, "added_at": clock(), "added_by": by,
        }  # fmt: skip
        insert_new(connection, books, [row])
        insert_new(
            connection,
            book_files,
            ({"book": sha256, "name": name, "file": file["sha256"]} for name, file in held.items()),
        )

    store.write(work)
    return sha256


def stored_book(store: Store, sha256: str) -> Book:
    """A book that the store keeps, read and compared with its sum."""
    with tempfile.TemporaryDirectory() as room:
        write_book_files(store, sha256, Path(room))
        book = read_book(room)
    if book.digest() != sha256:
        raise StoreError(f"测算库里的清单簿 {sha256[:12]} 已损坏", f"the stored book {sha256[:12]} is damaged")
    return book


def write_book_files(store: Store, sha256: str, folder: Path) -> None:
    """The folder of a stored book."""

    def work(connection: Connection) -> None:
        names = connection.execute(select(book_files.c.name, book_files.c.file).where(book_files.c.book == sha256))
        listed = [(row.name, row.file) for row in names]
        if not listed:
            raise StoreError(f"测算库里没有清单簿 {sha256[:12]}", f"the store has no book {sha256[:12]}")
        write_files(connection, listed, folder)

    store.read(work)


def add_scenario(
    store: Store,
    scenario: Scenario,
    *,
    by: str,
    book: Book | None = None,
    lineage: Iterable[Mapping[str, str]] = (),
) -> str:
    """Keep a scenario and who decides what in it; gives its SHA-256 (empty where it changes nothing).

    `lineage` names what it extends, as in `result.json`. Names of the book make the sentences readable.
    """
    sha256 = scenario.digest()
    settled = decided(scenario, book)
    row = {
        "sha256": sha256, "title": scenario.title, "text": scenario.text(), "added_at": clock(), "added_by": by,
        "lineage": json.dumps([dict(base) for base in lineage], ensure_ascii=False),
    }  # fmt: skip

    def work(connection: Connection) -> None:
        insert_new(connection, scenarios, [row])
        insert_new(
            connection,
            decisions,
            (
                {
                    "scenario": sha256, "kind": kind, "name": change.zh, "sentence_zh": change.detail_zh,
                    "reason": change.reason, "basis": change.basis, "by": by, "at": clock(),
                }
                for kind, change in settled
            ),
        )  # fmt: skip

    store.write(work)
    return sha256


def decided(scenario: Scenario, book: Book | None) -> list[tuple[str, Change]]:
    """What a scenario decides against the bare book, with its kind: pins and forbids under their own."""
    kinds = {rule.name: rule.kind for rule in scenario.rules}
    found = differences(Scenario(), scenario, names_of(book) if book is not None else None)
    return [(kinds.get(change.zh, change.kind) if change.kind == "rule" else change.kind, change) for change in found]


def stored_scenario(store: Store, sha256: str) -> Scenario:
    """A scenario that the store keeps."""
    text = store.read(
        lambda connection: connection.scalar(select(scenarios.c.text).where(scenarios.c.sha256 == sha256))
    )
    if text is None:
        raise StoreError(f"测算库里没有测算方案 {sha256[:12]}", f"the store has no scenario {sha256[:12]}")
    return parse_scenario(text) if text else Scenario()


def drop_unused_files(connection: Connection) -> None:
    """Files that neither a run nor a book needs any more."""
    used = exists().where(run_files.c.file == files.c.sha256), exists().where(book_files.c.file == files.c.sha256)
    connection.execute(delete(files).where(~used[0], ~used[1]))
