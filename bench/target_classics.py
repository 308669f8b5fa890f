"""The targets on public instances: how near the best known values, how much is proven, how other solvers do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean

from .classic_catalogue import data_folder, instances
from .classic_reading import InstanceError
from .measured_runs import solve_classic
from .target_rows import Figures, Finding, Part, Row, Settings, failures, patience, percent

OWN = "decomposition"
OTHERS = ("highs", "scip", "cpsat")
SECONDS = 60
CERTIFIED = 0.001  # the certified gap that the program is built for


@dataclass(frozen=True, slots=True)
class Sample:
    """A row: some files of a set of a family, and whether other solvers are asked too."""

    row: str
    family: str
    folder: str
    files: tuple[str, ...]
    compared: bool = False


SAMPLES = (
    Sample("sscflp-holmberg", "sscflp", "holmberg", ("p1", "p14", "p31", "p49", "p70")),
    Sample("sscflp-diaz_fernandez", "sscflp", "diaz_fernandez", ("p1", "p16", "p31", "p46", "p56")),
    Sample(
        "sscflp-yang", "sscflp", "yang",
        ("Y1_30x200_1", "Y2_60x200_1", "Y3_60x300_1", "Y4_80x400_1", "Y4_80x400_4"),
    ),
    Sample("sscflp-tbed1", "sscflp", "tbed1", ("i300_1", "i300_6", "i300_11", "i500_1", "i500_11")),
    Sample(
        "mknapcb", "mkp", "",
        ("mknapcb3_public.txt#0", "mknapcb5_public.txt#0", "mknapcb6_public.txt#7", "mknapcb8_public.txt#0",
         "mknapcb9_public.txt#14"),
        compared=True,
    ),
    Sample("gap", "gap", "", ("c20200", "d20200", "d10400", "c15900", "e20100"), compared=True),
    Sample(
        "mmkp", "mmkp", "",
        ("mmkp_a_13.txt", "mmkp_b_20.txt", "mmkp_c_23.txt", "mmkp_d_129.txt", "mmkp_d_193.txt"), compared=True,
    ),
)  # fmt: skip


def classic_rows(settings: Settings) -> list[Row]:
    """Every row on public instances."""
    return [_row(settings, sample) for sample in SAMPLES]


def _row(settings: Settings, sample: Sample) -> Row:
    files, reason = _files(settings, sample)
    methods = (OWN, *OTHERS) if sample.compared else (OWN,)
    parts = tuple(
        Part(
            f"{file} {method}",
            solve_classic,
            {
                "file": file, "family": sample.family, "folder": sample.folder, "data": settings.data, "method": method,
                "seconds": settings.seconds(SECONDS), "threads": settings.threads,
            },
            patience=patience(SECONDS),
        )
        for file in files
        for method in methods
    )  # fmt: skip
    name = f"{sample.family} {sample.folder}".strip() if sample.row != "mknapcb" else "mkp mknapcb"
    which = "every file" if settings.every_file else f"{len(sample.files)} files"
    what = f"{name}, {which}: after {SECONDS} s mean gap to the best known values"
    find: Callable[[Mapping[str, Figures]], Finding]
    if sample.compared:
        what += f" against {', '.join(OTHERS)}"
        target, find = "no larger than that of each", _compared
    else:
        what += ", number proven, mean own certified gap"
        target, find = f"own certified gap <= {percent(CERTIFIED, 1)}", _own
    return Row(sample.row, what, target, parts, find, not_run=reason)


def _files(settings: Settings, sample: Sample) -> tuple[tuple[str, ...], str]:
    """The files of a row, and the reason for which it cannot be run."""
    try:
        if data_folder(settings.data) is None:
            return (), "the public instances are not here (name their folder with --data)"
        there = [
            name
            for folder, name, path, _ in instances(sample.family, settings.data)
            if path is not None and sample.folder in ("", folder)
        ]
    except InstanceError as error:
        return (), str(error)
    wanted = tuple(sorted(there)) if settings.every_file else sample.files
    missing = [name for name in wanted if name not in there]
    if missing or not wanted:
        return (), f"public instances are not here: {', '.join(missing) or sample.row}"
    return wanted, ""


def _own(runs: Mapping[str, Figures]) -> Finding:
    done = [run for run in runs.values() if "error" not in run]
    to_best, certified = _mean(done, "gap_to_best"), _mean(done, "certified_gap")
    proven = sum(bool(run["proven"]) for run in done)
    measured: dict[str, float | int | str | None] = {
        "files": len(runs), "mean_gap_to_best": to_best, "proven": proven, "mean_certified_gap": certified,
    }  # fmt: skip
    phrase = f"{percent(to_best)} to the best known, {proven} of {len(runs)} proven, certified gap {percent(certified)}"
    met = len(done) == len(runs) and certified is not None and certified <= CERTIFIED
    return Finding(measured, phrase + failures(runs), met)


def _compared(runs: Mapping[str, Figures]) -> Finding:
    means: dict[str, float | None] = {}
    failed: dict[str, int] = {}
    for method in (OWN, *OTHERS):
        of_method = [run for name, run in runs.items() if name.rpartition(" ")[2] == method]
        done = [run for run in of_method if run.get("gap_to_best") is not None]
        failed[method] = len(of_method) - len(done)
        means[method] = _mean(of_method, "gap_to_best")
    measured: dict[str, float | int | str | None] = {f"mean_gap_to_best ({name})": mean for name, mean in means.items()}
    measured |= {f"without a plan ({name})": count for name, count in failed.items() if count}
    own = means[OWN]
    others = [mean for name, mean in means.items() if name != OWN and mean is not None]
    met = own is not None and all(own <= other for other in others)
    phrase = ", ".join(
        f"{name} {percent(mean)}" + (f" ({failed[name]} without a plan)" if failed[name] else "")
        for name, mean in means.items()
    )
    return Finding(measured, phrase + failures(runs), met)


def _mean(runs: list[Figures], key: str) -> float | None:
    """Mean over all runs; None where one has no such figure, as a mean of the rest would flatter."""
    values = [run.get(key) for run in runs]
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None
