"""The run store keeps books, scenarios and runs on SQLite and on a real PostgreSQL alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from qingdan.models.checker import check
from qingdan.models.run import read_run, write_run
from qingdan.models.scenario import parse_scenario
from qingdan.scenarios.single import solve
from qingdan.scenarios.store import Store, StoreError, open_store
from qingdan.scenarios.store_content import add_book, add_scenario, stored_book, stored_scenario, write_book_files
from qingdan.scenarios.store_migrations import NewerStoreError
from qingdan.scenarios.store_queue import (
    LEASE,
    Settings,
    ask_to_stop,
    claim,
    deliver,
    fail,
    give_back,
    queue,
    renew,
    tell,
)
from qingdan.scenarios.store_runs import export_run, list_runs, remove_run, show_run
from qingdan.scenarios.store_tables import files, metadata
from qingdan.scenarios.worker import work
from sqlalchemy import func, select, text
from stores import QUICK, book, queued, server, store, url

__all__ = ["server", "store", "url"]


def count(store: Store) -> int:
    """Files that the store holds."""
    found = store.read(lambda connection: connection.scalar(select(func.count()).select_from(files)))
    assert found is not None
    return found


def test_the_migrations_make_exactly_the_tables_that_the_program_uses(store: Store) -> None:
    """A store made step by step is the one that the code speaks of."""

    def differences(connection: object) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})  # type: ignore[arg-type]
        return list(compare_metadata(context, metadata))

    assert store.read(differences) == []


def test_a_store_opens_again_and_a_newer_one_is_refused(store: Store, url: str) -> None:
    """Nothing is made anew; what a later version wrote is not touched."""
    (run,) = queued(store)
    again = open_store(url)
    assert [one.id for one in list_runs(again)] == [run]
    again.write(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(NewerStoreError, match="9999"):
        open_store(url)
    again.close()


@pytest.mark.parametrize("told", ["mysql://a@b/c", "sqlite://", "nowhere://x", "/no/such/folder/runs.sqlite"])
def test_an_address_that_leads_nowhere_is_told(told: str) -> None:
    """A sentence in both languages, not a traceback."""
    with pytest.raises(StoreError) as caught:
        open_store(told, patience=0)
    assert caught.value.zh and caught.value.en


def test_a_file_that_is_no_store_is_told_and_left(tmp_path: Path) -> None:
    """What someone else keeps there stays as it is."""
    path = tmp_path / "notes.txt"
    path.write_text("金额" * 1000, encoding="utf-8")
    with pytest.raises(StoreError):
        open_store(path, patience=0)
    assert path.read_text(encoding="utf-8") == "金额" * 1000


def test_a_book_is_kept_once_and_comes_back_whole(store: Store, tmp_path: Path) -> None:
    """By its sum: the same book, whoever brings it, takes no further room."""
    sha256 = add_book(store, book(), by="张三")
    before = count(store)
    assert add_book(store, book(), by="李四") == sha256 == book().digest()
    assert count(store) == before
    assert stored_book(store, sha256).digest() == sha256
    write_book_files(store, sha256, tmp_path)
    assert (tmp_path / "book.toml").is_file()
    with pytest.raises(StoreError):
        stored_book(store, "0" * 64)


def test_who_pinned_or_forbade_what_and_why_is_kept(store: Store) -> None:
    """Every decision has its person, reason and basis; two people may share a scenario."""
    text = """\
[factors]
cost_percent = 110
basis = "信息价"
[[rule]]
kind = "pin"
name = "城东绿地确定纳入"
needs = ["N1"]
reason = "排序第2位"
basis = "会议纪要"
[[rule]]
kind = "forbid"
name = "公厕暂不安排"
needs = ["N2"]
basis = "选址未定"
"""
    sha256 = add_scenario(store, parse_scenario(text), by="张三")
    assert add_scenario(store, parse_scenario(text), by="李四") == sha256
    add_scenario(store, parse_scenario(text), by="李四")
    run = queue(store, book=add_book(store, book(), by="张三"), scenario=sha256, settings=QUICK, by="李四")
    told = [(one["by"], one["kind"], one["reason"], one["basis"]) for one in show_run(store, run).decisions]
    assert told == [
        (by, *rest)
        for by in ("张三", "李四")
        for rest in (("factor", "", "信息价"), ("pin", "排序第2位", "会议纪要"), ("forbid", "", "选址未定"))
    ]
    assert stored_scenario(store, sha256) == parse_scenario(text)


def test_a_run_goes_from_the_queue_to_its_folder(store: Store, tmp_path: Path) -> None:
    """What a worker hands in comes out byte for byte, and the independent check passes it."""
    (run,) = queued(store)
    assert list_runs(store)[0].state == "queued"
    assert work(store, until_empty=True) == 1
    (found,) = list_runs(store, state="done")
    assert (found.id, found.attempt, found.title, found.by) == (run, 1, "方案0", "张三")
    assert found.gap is not None and found.gap <= 0.01
    export_run(store, run, tmp_path / "run")
    detail = show_run(store, run)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == list(detail.files)
    assert {"certificate.npz", "problem.npz", "projects.csv"} <= set(detail.files)
    assert [one["kind"] for one in detail.events] == ["queued", "taken", "done"]
    stored = read_run(tmp_path / "run")
    assert [dict(point) for point in detail.trace] == stored.result["trace"]
    write_book_files(store, found.book, tmp_path_of(tmp_path, "book"))
    report = check(tmp_path / "book", tmp_path / "run")
    assert report.passed, report.text()


def tmp_path_of(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def test_a_warm_start_comes_from_the_store(store: Store) -> None:
    """A run may begin from another of the same store."""
    (first,) = queued(store)
    assert work(store, until_empty=True) == 1
    (second,) = queued(store, percent=101, settings=Settings(method="highs", time=20, threads=1, gap=0.01, warm=first))
    assert work(store, until_empty=True) == 1
    assert show_run(store, second).summary.state == "done"


def test_one_ticket_is_one_run(store: Store) -> None:
    """A sweep that asks again after a crash does not double what it asked before."""
    sha256, scenario = add_book(store, book(), by="a"), add_scenario(store, parse_scenario(""), by="a")
    asked = [queue(store, book=sha256, scenario=scenario, settings=QUICK, by="a", ticket="sweep-1/7") for _ in range(3)]
    assert len(set(asked)) == 1 == len(list_runs(store))


def test_the_oldest_run_is_taken_first_and_only_once(store: Store) -> None:
    """The queue is fair, and two workers never have the same run."""
    numbers = queued(store, number=3)
    taken = [claim(store, f"w{place}") for place in range(4)]
    assert [held.run if held else None for held in taken] == [*numbers, None]
    assert claim(store, "w", run=numbers[0]) is None


def test_a_run_whose_lease_ends_is_taken_by_another_and_counts_once(store: Store, tmp_path: Path) -> None:
    """What a worker hands in after it was given up is refused, whatever it is."""
    (run,) = queued(store)
    lost = claim(store, "first", lease=0.0)
    assert lost is not None and list_runs(store)[0].silent
    kept = claim(store, "second")
    assert kept is not None and (kept.run, kept.attempt) == (run, 2)
    assert renew(store, lost) == (False, True) and renew(store, kept) == (True, False)
    solved = solve(book(), parse_scenario(""), time=10, threads=1, method="highs")
    write_run(tmp_path / "run", solved)
    tell(store, lost, [{"seconds": 1.0, "stage": "", "objective": 1, "bound": 2}])
    assert show_run(store, run).trace == []
    assert not deliver(store, lost, tmp_path / "run", solved.result)
    assert not fail(store, lost, "zu spät") and not give_back(store, lost)
    assert deliver(store, kept, tmp_path / "run", solved.result)
    assert deliver(store, kept, tmp_path / "run", solved.result)  # the answer was lost, the call made again
    assert [one["kind"] for one in show_run(store, run).events] == ["queued", "taken", "taken", "done"]


def test_a_run_that_takes_its_workers_along_fails_in_the_end(store: Store) -> None:
    """A run that kills every worker is not tried for ever."""
    (run,) = queued(store)
    for attempt in range(1, 4):
        held = claim(store, "w", lease=0.0)
        assert held is not None and held.attempt == attempt
    assert claim(store, "w") is None
    found = show_run(store, run).summary
    assert found.state == "failed" and found.error and "3" in found.error


def test_a_run_given_back_waits_again(store: Store) -> None:
    """A worker that is told to end leaves its run to the others, without a mark against it."""
    (run,) = queued(store)
    held = claim(store, "w")
    assert held is not None and give_back(store, held)
    again = claim(store, "v")
    assert again is not None and (again.run, again.attempt) == (run, 1)


def test_a_run_that_cannot_be_done_says_why(store: Store) -> None:
    """A scenario that speaks of what the book has not fails with its sentence; the next run is done all the same."""
    sha256 = add_book(store, book(), by="a")
    wrong = add_scenario(store, parse_scenario('[[budget]]\nfunds = ["NOFUND"]\npercent = 1\n'), by="a")
    bad = queue(store, book=sha256, scenario=wrong, settings=QUICK, by="a")
    (good,) = queued(store)
    assert work(store, until_empty=True) == 1
    assert "NOFUND" in (show_run(store, bad).summary.error or "")
    assert [(one.id, one.state) for one in list_runs(store)] == [(good, "done"), (bad, "failed")]


def test_stopping_a_run(store: Store) -> None:
    """One that waits never begins; one that goes on hears of it with its next sign of life."""
    waiting, going = queued(store, number=2)
    assert ask_to_stop(store, waiting, by="李四") == "failed"
    held = claim(store, "w")
    assert held is not None and held.run == going
    assert ask_to_stop(store, going, by="李四") == "running"
    assert renew(store, held) == (True, True)
    assert "李四" in (show_run(store, waiting).summary.error or "")
    with pytest.raises(StoreError):
        ask_to_stop(store, 999, by="李四")


def test_removing_a_run_frees_what_only_it_needed(store: Store, tmp_path: Path) -> None:
    """Books and other runs keep their files; a run that goes on is not removed by accident."""
    one, two = queued(store, number=2)
    with_book = count(store)
    assert work(store, until_empty=True) == 2
    full = count(store)
    remove_run(store, one)
    assert with_book < count(store) < full
    export_run(store, two, tmp_path / "two")
    assert read_run(tmp_path / "two").result["status"] in ("optimal", "feasible")
    remove_run(store, two)
    assert count(store) == with_book
    (three,) = queued(store)
    held = claim(store, "w", lease=LEASE)
    with pytest.raises(StoreError):
        remove_run(store, three)
    remove_run(store, three, even_running=True)
    assert held is not None and renew(store, held) == (False, True)
    for run in (one, 999):
        with pytest.raises(StoreError):
            export_run(store, run, tmp_path / "x")
    assert not (tmp_path / "x").exists()
    assert max(queued(store)) > three  # a number is never given twice


def test_a_damaged_file_is_never_handed_out(store: Store, tmp_path: Path) -> None:
    """What comes out of a store is what went in, or nothing."""
    (run,) = queued(store)
    assert work(store, until_empty=True) == 1
    store.write(lambda connection: connection.execute(files.update().where(~files.c.packed).values(body=b"x")))
    with pytest.raises(StoreError):
        export_run(store, run, tmp_path / "run")
    assert not (tmp_path / "run").exists()
