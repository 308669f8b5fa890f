"""The reference page of the commands, `docs/reference/commands.md`, made from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import typer

from .cli import app

JSON_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "demo": "`result.json` of the run, `run`, `check`",
        "new": "`book`",
        "checkup": "`book`, `out`, `judgements`, `needs`, `changes`, `unknown`, `tickets`, `credits`",
        "match": "`book`, `needs`, `held`, `options`, `facilities`, `openings`, `packages`, `columns_per_community`, "
        "`refusals`",
        "solve": "`result.json` of the run, `run`, `stored`",
        "check": "`passed`, `parts`, `refusals`",
        "compare": "`runs`, `before`, `after`, `same_book`, `settings`, `changes`, `entered`, `left`, `moved`, `changed`, "
        "`sites`, `money`, `totals`, `attribution`, `others`, `files`",
        "generate": "`book`, `seed`, `hardness`",
        "export": "`files`, `columns`, `arcs`, `rows`, `groups`",
        "runs list": "`store`, `runs`",
        "runs show": "`store`, the keys of a run, `scenario_text`, `lineage`, `decisions`, `trace`, `events`, `files`",
        "runs rm": "`store`, `removed`",
        "runs export": "`store`, `run`, `out`, `book`",
        "runs add": "`store`, `run`, `state`",
        "runs work": "`store`, `delivered`, `runs`",
        "runs stop": "`store`, `run`, `state`",
        "bench list": "`data`, `suites`, `families`, `instances`",
        "bench solve": "`status`, `stopped`, `objective`, `bound`, `certified_bound`, `gap`, `certified_gap`, `seconds`, "
        "`method`, `seed`, `best_known`, `best_known_bound`, `best_known_status`, `family`, `set`, `instance`, `sense`, "
        "`dimensions`, `faults`",
        "bench run": "`out`, `runs`, `verdicts`, `table`",
        "bench report": "`page`, `markdown`, `runs`, `verdicts`",
    }
)
"""Keys of the document that a command writes with --json."""

NOTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "checkup": """\
`judgements` counts places and service types by judgement, `needs` is the number of needs. The others are whole lists of
objects: `changes` (need, what, from, to, reason), `unknown` (community, neighbourhood, service_type, what, reason,
complaints), `tickets` (id, community, service_type, department, due, status, days_overdue), `credits` (project, community,
neighbourhood, service_type, delivered, accepted_on, used, reason). `what` of a change is `new` 新增, `rebound` 反弹,
`raised` 升高, `lowered` 降低, `closed` 销号, `credited` 计入完工, `kept` 保留 or `updated` 更新.

With `-o` the new book is written, and beside it the folder `OUT-checkup` (for `b.xlsx`: `b-checkup`) with `changes.csv`,
`unknown.csv`, `tickets.csv` (columns of `transferred.csv`) and `judgements.csv`: whole or not at all.""",
        "solve": """\
With `--store` the run is also kept in a run store: it shows there as running while this process lives, and `stored` is its
number (else null). Where this process is killed, the run goes back to the queue of the store.""",
        "compare": """\
The first run against the second; `others` has the same keys for the first against the third and further runs. `changes` is
the number of changes as rules of the kind `changes` count them. Needs (`entered`, `left`, `moved`, and `changed` for all
else) have `need_id`, `community`, `service_type`, `kinds`, `before`, `after` and, where they left, `code`; what is `moved` may be
changed otherwise as well. `sites` are buildings, `money` the sums that differ by place, fund, budget and payment year. `totals`
has `cost_yuan`, `later_yuan`, `benefit`, `needs_met`, `objective`, and lists by `city`, `county`, `programme`, `department`, `fund`,
`payer`, `fund_level` (these two with `--book`), `budget_year`, `payment_year`, `start_year`, `outputs` and `budgets`: each
with `before`, `after`, `change`. `attribution` (with `--attribute`, else null) has `method` (`shapley` for up to four changed
settings, else `stepwise`), `parts`, `whole` and `solved`.""",
        "runs list": """\
Keys of a run: `id`, `title`, `state` (queued, running, done, failed), `status`, `by`, `book`, `book_title`, `scenario`,
`scenario_title`, `settings`, `attempt`, `worker`, `queued_at`, `started_at`, `ended_at` (seconds since 1970 by the clock of
the database), `silent` (the worker no longer answers), `objective`, `bound`, `certified_bound`, `seconds`, `error`, `gap`,
`certified_gap`.""",
        "runs show": """\
`decisions` lists who decided what, why and on what basis (kind, name, sentence_zh, reason, basis, by, at); `trace` plan and
bound over time, while the run goes on as well; `events` what happened to the run (at, kind, who, note).""",
        "bench list": """\
`suites` lists every suite of [bench.md](bench.md) with the ids of its `instances` and for how many a best value was found here
(`values`). `families` lists every set with `family`, `set`, `files` (found) and `values` (instances with a best known value). With
`--family`, `instances` lists `set`, `instance`, `file`, `best_known`, `bound`, `status` and `source`; else it is null.
Families, sets and sources: [classic.md](classic.md).""",
        "bench solve": """\
Values and bounds are in the family's own sense (`sense` is `max` or `min`) and unit. Nothing is written to a file; exit
code 3 means that no plan was found in time. `best_known` is null where none is recorded.""",
        "bench run": """\
`runs` is the number of runs in the table, `verdicts` how many there are of each verdict. Exit code 1 means that an answer was
wrong. Suites, verdicts and columns of the table: [bench.md](bench.md).""",
        "bench report": """\
Writes `report.html`, `report.md` and `pictures/` into the folder, and the table anew.""",
    }
)
"""What there is to say of a command beyond its table, in plain Markdown."""

MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "out": "写到何处 / where to write",
        "path": "文件夹，或以 .xlsx 结尾的文件 / a folder, or a file ending in .xlsx",
        "run": "结果文件夹 / folder of a run",
        "seed": "随机种子 / seed",
        "threads": "线程数 / threads",
    }
)
"""What an argument or option is where the command itself says nothing."""

_INTRODUCTION: Final = """\
# Commands

`qingdan COMMAND --help` shows the same. A *book* (清单簿) is a folder of CSV tables or an .xlsx workbook; a *run* is the
folder that `solve` writes ([run-files.md](run-files.md)).

## What holds for all of them

* The result goes to stdout, progress and refusals to stderr. With `--json` stdout holds one JSON document and nothing else.
* Where a command finds bad input, its document has `error`, `error_zh` and, for books and scenarios, `faults`: a list with
  `table`, `row`, `column`, `value`, `cause_zh`, `cause_en`, `mend_zh`, `mend_en`.
* No command shows a traceback. After an internal error, `QINGDAN_DEBUG=1` in the environment shows one on stderr.
* A command that takes a book and no `--scenario` uses the scenario that the book holds, if it has one.

| exit code | 含义 | meaning |
|---|---|---|
| 0 | 完成 | done; a plan was written, whether or not the gap was reached |
| 1 | 结论为否 | the answer is no: the conditions clash, or the check failed |
| 2 | 输入或用法有误 | bad input or usage; nothing was written |
| 3 | 未得方案 | stopped before any plan was found |
| 130 | 人工中断 | Ctrl-C; the best plan so far was written |
"""


def all_commands() -> dict[str, Any]:
    """Every command by its name; one of a group has the name of its group before it."""
    found = {}
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        if inner is None:
            found[name] = command
        else:
            found |= {f"{name} {own}": member for own, member in inner.items()}
    return found


def commands_markdown() -> str:
    """The whole page; it lists every command with its arguments, options and JSON keys."""
    return "\n".join([_INTRODUCTION, *(_section(name, command) for name, command in all_commands().items())])


def _section(name: str, command: Any) -> str:
    usage = " ".join(["qingdan", name, *(_usage(part) for part in command.params if part.name != "help")])
    lines = [f"## {name}", "", inspect.cleandoc(command.help or ""), "", "```text", usage, "```", ""]
    lines += ["| argument or option | default | meaning |", "|---|---|---|"]
    lines += [_row(part) for part in command.params if part.name != "help"]
    if name in JSON_KEYS:
        lines += ["", f"JSON: {JSON_KEYS[name]}."]
    if name in NOTES:
        lines += ["", NOTES[name]]
    return "\n".join(lines) + "\n"


def _usage(part: Any) -> str:
    if part.param_type_name == "argument":
        told = part.name.upper()
        return told if part.required else f"[{told}]"
    told = part.opts[0] if part.is_flag else f"{part.opts[0]} {part.name.upper()}"
    return told if part.required else f"[{told}]"


def _row(part: Any) -> str:
    named = part.name.upper() if part.param_type_name == "argument" else ", ".join(part.opts)
    default = "required" if part.required else "" if part.default is None or part.default is False else part.default
    least = "" if getattr(part, "min", None) is None else f"at least {part.min:g}"
    meaning = "; ".join(text for text in (part.help or MEANINGS.get(part.name, ""), least) if text)
    meaning = meaning.replace("|", "\\|")
    return f"| `{named}` | {default} | {meaning} |".replace("  |", " |")
