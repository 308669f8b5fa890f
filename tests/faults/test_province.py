"""A whole province fits: generated, written, read, checked up, matched and compiled in less than 4 GB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHAIN = """
import json, resource, sys, time
from pathlib import Path
from qingdan.bench.generator import generate
from qingdan.models.book import read_book, write_book
from qingdan.models.checkup import checkup
from qingdan.models.formulation import formulate
from qingdan.models.matching import match
from qingdan.models.scenario import parse_scenario

told = {}
began = time.monotonic()

def done(name):
    global began
    told[name] = round(time.monotonic() - began, 1)
    began = time.monotonic()

folder = Path(sys.argv[1]) / "book"
book = generate(int(sys.argv[2]), 1)
digest = book.digest()
done("generate")
write_book(book, folder)
done("write")
book = read_book(folder)
done("read")
told["same"] = book.digest() == digest
scenario = parse_scenario(book.scenario_text)
book = book.with_table("needs", checkup(book, scenario).needs)
done("checkup")
options = match(book, scenario)
done("match")
problem = formulate(options, book, scenario)
done("formulate")
told |= {"columns": problem.whole_columns, "rows": problem.rows, "needs": options.needs.height}
told["gigabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps(told))
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is told in kilobytes there")
def test_a_province_is_compiled_in_four_gigabytes(tmp_path: Path) -> None:
    """4,600 communities go all the way to the program on a machine with 4 GB to spare."""
    words = [sys.executable, "-c", CHAIN, str(tmp_path), "4600"]
    out = subprocess.run(words, check=True, capture_output=True, text=True, timeout=900).stdout
    told = json.loads(out)
    print(told)
    assert told["same"] is True and told["needs"] > 4600 and told["columns"] > told["needs"]
    assert told["gigabytes"] < 4
