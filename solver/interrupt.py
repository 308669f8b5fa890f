"""A flag by which another thread, or Ctrl-C, asks a run to end with the best plan so far."""

from __future__ import annotations

from threading import Event as Flag


class Interrupt:
    """Set once and for all; every phase looks at it and ends within about two seconds."""

    __slots__ = ("_flag",)

    def __init__(self) -> None:
        self._flag = Flag()

    def set(self) -> None:
        """Ask the run to end."""
        self._flag.set()

    @property
    def is_set(self) -> bool:
        """Whether the run was asked to end."""
        return self._flag.is_set()
