"""What a report is made of, before it is written as a page: headings, words, tables, pictures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph, Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; columns from `figures` on are set to the right."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by name, as SVG, with what it shows."""

    name: str
    svg: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Text to be shown as it is: commands."""

    text: str


Block = Words | Grid | Picture | Lines


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what follows it."""

    zh: str
    en: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report."""

    zh: str
    en: str
    sections: tuple[Section, ...]
