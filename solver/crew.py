"""A few threads that share compiled work cut in fixed pieces, so that results do not depend on their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

Task = Callable[[], None]


def _drain(tasks: Iterator[Task]) -> None:
    for task in tasks:  # taking the next from a list is one step of the interpreter: no task is run twice
        task()


class Crew:
    """Threads that stay ready while the `with` block lasts; tasks must write to places of their own."""

    __slots__ = ("_pool", "_threads")

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None

    def run(self, tasks: Sequence[Task]) -> None:
        """Run all tasks; returns when the last has ended."""
        left = iter(list(tasks))
        helpers = []
        if self._pool is not None:
            helpers = [self._pool.submit(_drain, left) for _ in range(min(self._threads, len(tasks)) - 1)]
        _drain(left)
        for helper in helpers:
            helper.result()

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()
