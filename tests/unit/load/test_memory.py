"""Peak resident size while a range is loaded, in a process of its own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import corpora, stubs
from bench.memory import growth_mib
from tests.unit.load.segment_loading import good

RANGE_BYTES = 64 * 1024 * 1024
LIMIT_MIB = 24


def _lines_of(size: int, folder: Path) -> Path:
    """Good records whose echoed images make each line as long as this."""
    path = folder / f"{size}.jsonl"
    with path.open("wb") as file:
        for number in range(RANGE_BYTES // size):
            record = json.loads(good(f"image-{number}"))
            head = json.dumps(record).encode()[1:]
            echoed = b"A" * (size - len(head) - len(b'{"modelInput":"",') - 1)
            file.write(b'{"modelInput":"%b",%b\n' % (echoed, head))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("corpus", [corpora.small, corpora.large])
def test_a_range_of_either_corpus_costs_at_most_24_mib(corpus: Callable[[], Path]) -> None:
    path = corpus()
    with stubs.running(path.parent) as running:
        assert growth_mib(running, path, RANGE_BYTES) <= LIMIT_MIB


@pytest.mark.slow
@pytest.mark.parametrize("size", [4 * 1024 * 1024, 16 * 1024 * 1024 - 1, 20 * 1024 * 1024])
def test_lines_up_to_the_bound_and_over_it_cost_no_more(size: int, tmp_path: Path) -> None:
    path = _lines_of(size, tmp_path)
    with stubs.running(tmp_path) as running:
        assert growth_mib(running, path, RANGE_BYTES) <= LIMIT_MIB
