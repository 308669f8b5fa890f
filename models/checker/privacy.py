"""Nothing private leaves the book: no text of a complaint, no telephone number, no name of a contracted operator."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from .book_facts import Facts
from .reading import RunFiles
from .report import Findings

SHORTEST = 8
"""A complaint of fewer characters says nothing by which anyone is known."""

_PHONE = re.compile(r"(?<![0-9A-Za-z])1[3-9][0-9]{9}(?![0-9])")


def check_privacy(facts: Facts, run: RunFiles, findings: Findings) -> None:
    """Look through every text of the run."""
    texts: dict[str, list[str]] = defaultdict(list)
    for row in facts.tables["complaints"]:
        text = " ".join((row["text"] or "").split())
        if len(text) >= SHORTEST:
            texts[text[:SHORTEST]].append(text)
    names = {row["operator_contract"] for row in facts.tables["projects"] if row["operator_contract"]}
    for where, cell in sorted(set(_cells(run))):
        flat = " ".join(cell.split())
        if _PHONE.search(flat) and not flat.isdigit():
            findings.refuse("private-phone", where, "含有电话号码", "holds a telephone number")
        for place in range(len(flat) - SHORTEST + 1):
            if any(flat.startswith(text, place) for text in texts.get(flat[place : place + SHORTEST], ())):
                findings.refuse("private-complaint", where, "含有群众诉求原文", "holds the text of a complaint")
                break
        if any(name in flat for name in names):
            findings.refuse("operator-named", where, "写出了运营主体名称", "names an operator under contract")
    findings.prove(
        "各表不含诉求原文、电话和运营主体名称",
        "no text of a complaint, telephone number or operator's name is in the tables",
    )


def _cells(run: RunFiles) -> Iterator[tuple[str, str]]:
    for name, rows in run.tables.items():
        for row in rows:
            for column, cell in row.items():
                if (cell and not cell.isascii()) or column in ("reason", "detail", "next_step"):
                    yield f"{name}.csv {column}", cell
    for key, value in run.result.items():
        if isinstance(value, str):
            yield f"result.json {key}", value
