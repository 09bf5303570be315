"""`python -m bench [--quick] [ROUNDS]`: measure, print the table, write JSON and the pictures.

Ratios of one run hold; absolute figures are this machine's, with its neighbours, at this hour.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import cold_start, corpora, environment, growth, rounds, wrangler
from bench.memory import growth_mib
from bench.report import Figure, table, write_json, write_svg
from bench.rounds import Round, in_turns, measure
from bench.stubs import Stubs, running

environment.pretend()

from bench.floor import Floor  # noqa: E402
from bench.naive import NaiveLoader  # noqa: E402
from bench.ours import OurLoader  # noqa: E402

JSON, PICTURE, PLOT = Path("build/bench.json"), Path("docs/bench.svg"), Path("docs/growth.svg")
SMALL_BYTES, LARGE_BYTES = 16_000_000, 64_000_000
RANGE_BYTES = 64 * 1024 * 1024


def main(times: int, sizes: Sequence[int]) -> None:
    """Measure everything."""
    small, large = corpora.small(), corpora.large()
    with running(corpora.FOLDER) as stubs:
        figures = [_CPU.taken(stubs, small, times), _THROUGHPUT.taken(stubs, large, times)]
        figures += [_memory(stubs, small, "SMALL"), _memory(stubs, large, "LARGE")]
        grown = growth.measure(stubs, small, sizes)
    with running(corpora.FOLDER, delay_ms=8) as stubs:
        figures.append(_RATE.taken(stubs, small, times))
    figures.append(_cold_start(times))
    write_json([*figures, *grown], JSON)
    print(table([*figures, *grown]))
    write_svg(figures, PICTURE)
    growth.write_plot(grown, PLOT, sizes)


def _loaders(stubs: Stubs, path: Path, upto: int) -> dict[str, Callable[[], Round]]:
    made: dict[str, OurLoader | NaiveLoader | wrangler.WranglerLoader] = {
        "ours": OurLoader(stubs),
        "naive": NaiveLoader(stubs),
    }
    if wrangler.is_there():
        made["awswrangler"] = wrangler.WranglerLoader(stubs)
    for each in made.values():
        each.load(path, upto=1_000_000)
    loads = {name: partial(each.load, path, upto=upto) for name, each in made.items()}
    loads["floor"] = partial(Floor(stubs).load, path, upto=upto)
    loaders: dict[str, Callable[[], Round]] = {
        name: partial(measure, load) for name, load in loads.items()
    }
    if rounds.node_is_there():
        loaders["node"] = partial(rounds.node, stubs, path, upto)
    return loaders


@dataclass(frozen=True)
class _Measure:
    """A figure of all loaders.

    Attributes:
        upto: Bytes that are loaded.
    """

    name: str
    unit: str
    upto: int
    value: Callable[[Round], float]
    aims: dict[str, float]
    more_is_better: bool = True

    def taken(self, stubs: Stubs, path: Path, times: int) -> Figure:
        """Run the loaders in turns."""
        rounds = in_turns(_loaders(stubs, path, self.upto), times)
        values = {loader: list(map(self.value, found)) for loader, found in rounds.items()}
        ours = values.pop("ours")
        aims = {name: aim for name, aim in self.aims.items() if name in values}
        return Figure(self.name, self.unit, ours, values, self.more_is_better, aims)


_CPU = _Measure(
    "CPU a record, SMALL",
    "µs",
    SMALL_BYTES,
    lambda each: each.cpu / each.records * 1e6,
    {"naive": 4, "node": 1.6},
    more_is_better=False,
)
_THROUGHPUT = _Measure(
    "throughput a core, LARGE",
    "MB/s",
    LARGE_BYTES,
    lambda each: LARGE_BYTES / 1e6 / each.cpu,
    {"naive": 4.5, "node": 10},
)
_RATE = _Measure(
    "records/s, SMALL, 8 ms a write",
    "1/s",
    SMALL_BYTES // 2,
    lambda each: each.records / each.wall,
    {"naive": 10, "node": 7},
)


def _memory(stubs: Stubs, path: Path, name: str) -> Figure:
    grown = max(growth_mib(stubs, path, RANGE_BYTES), 0.01)  # a ratio needs more than nothing
    return Figure(
        f"memory over idle, 64 MiB of {name}",
        "MiB",
        [grown],
        {"limit": [24.0]},
        aims={"limit": 1},
    )


def _cold_start(times: int) -> Figure:
    programs = cold_start.programs()
    values: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(times + 1):  # the first warms the disk's cache
        for name, program in programs.items():
            values[name].append(cold_start.cpu(program) * 1000)
    ours, *baselines = (found[1:] for found in values.values())
    named = dict(zip(list(programs)[1:], baselines, strict=True))
    aims = dict.fromkeys(list(named)[:1], 1 / 0.8)
    return Figure("cold start, CPU", "ms", ours, named, aims=aims)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser("bench")
    arguments.add_argument("rounds", nargs="?", type=int)
    arguments.add_argument("--quick", action="store_true", help="2 rounds, objects to 128 MB")
    asked = arguments.parse_args()
    main(asked.rounds or (2 if asked.quick else 5), growth.SIZES[: 3 if asked.quick else None])
