"""`python -m bench [ROUNDS]`: measure, print the table, write build/bench.json and the picture.

Ratios of one run hold; absolute figures are this machine's, with its neighbours, at this hour.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import cold_start, corpora, environment, rounds
from bench.memory import growth_mib
from bench.report import Figure, table, write_json, write_svg
from bench.rounds import Round, in_turns, measure
from bench.stubs import Stubs, running

environment.pretend()

from bench.floor import Floor  # noqa: E402
from bench.naive import NaiveLoader  # noqa: E402
from bench.ours import OurLoader  # noqa: E402

JSON, PICTURE = Path("build/bench.json"), Path("docs/bench.svg")
SMALL_BYTES, LARGE_BYTES = 16_000_000, 64_000_000
RANGE_BYTES = 64 * 1024 * 1024
GROWTH_BYTES = (1_000_000, 16_000_000, 128_000_000)


def main(times: int) -> None:
    """Measure everything."""
    small, large = corpora.small(), corpora.large()
    figures: list[Figure] = []
    with running(corpora.FOLDER) as stubs:
        figures += [_cpu(stubs, small, times), _throughput(stubs, large, times)]
        figures += [_memory(stubs, small, "SMALL"), _memory(stubs, large, "LARGE")]
        figures += _growth(stubs, small)
    with running(corpora.FOLDER, delay_ms=8) as stubs:
        figures.append(_rate(stubs, small, times))
    figures.append(_cold_start(times))
    write_json(figures, JSON)
    print(table(figures))
    write_svg(figures, PICTURE)


def _loaders(stubs: Stubs, path: Path, upto: int) -> dict[str, Callable[[], Round]]:
    ours, naive, floor = OurLoader(stubs), NaiveLoader(stubs), Floor(stubs)
    loads = {
        "ours": partial(ours.load, path, upto=upto),
        "naive": partial(naive.load, path, upto=upto),
        "floor": partial(floor.load, path, upto=upto),
    }
    ours.load(path, upto=1_000_000)
    naive.load(path, upto=1_000_000)
    loaders: dict[str, Callable[[], Round]] = {
        name: partial(measure, load) for name, load in loads.items()
    }
    if rounds.node_is_there():
        loaders["node"] = partial(rounds.node, stubs, path, upto)
    return loaders


def _figure(
    name: str,
    unit: str,
    taken: dict[str, list[Round]],
    value: Callable[[Round], float],
    *,
    more_is_better: bool,
    aims: dict[str, float],
) -> Figure:
    values = {loader: [value(each) for each in found] for loader, found in taken.items()}
    return Figure(
        name,
        unit,
        values.pop("ours"),
        values,
        more_is_better=more_is_better,
        aims={name: aim for name, aim in aims.items() if name in values},
    )


def _cpu(stubs: Stubs, path: Path, times: int) -> Figure:
    taken = in_turns(_loaders(stubs, path, SMALL_BYTES), times)
    return _figure(
        "CPU a record, SMALL",
        "µs",
        taken,
        lambda each: each.cpu / each.records * 1e6,
        more_is_better=False,
        aims={"naive": 4, "node": 1.6},
    )


def _throughput(stubs: Stubs, path: Path, times: int) -> Figure:
    taken = in_turns(_loaders(stubs, path, LARGE_BYTES), times)
    return _figure(
        "throughput a core, LARGE",
        "MB/s",
        taken,
        lambda each: LARGE_BYTES / 1e6 / each.cpu,
        more_is_better=True,
        aims={"naive": 4.5, "node": 10},
    )


def _rate(stubs: Stubs, path: Path, times: int) -> Figure:
    taken = in_turns(_loaders(stubs, path, SMALL_BYTES // 2), times)
    return _figure(
        "records/s, SMALL, 8 ms a write",
        "1/s",
        taken,
        lambda each: each.records / each.wall,
        more_is_better=True,
        aims={"naive": 10, "node": 7},
    )


def _memory(stubs: Stubs, path: Path, name: str) -> Figure:
    grown = max(growth_mib(stubs, path, RANGE_BYTES), 0.01)  # a ratio needs more than nothing
    limit = {"limit": [24.0]}
    return Figure(f"memory over idle, 64 MiB of {name}", "MiB", [grown], limit, False, {"limit": 1})  # noqa: FBT003


def _growth(stubs: Stubs, source: Path) -> list[Figure]:
    """From the smallest object to each larger one: what a record costs."""
    figures = []
    first: dict[str, float] = {}
    for size in GROWTH_BYTES:
        path = corpora.tiled(source, size)
        loader = OurLoader(stubs)
        loader.load(path, upto=200_000)
        loader.requests = 0
        run = measure(partial(loader.load, path))
        values = {
            "CPU a record, µs": run.cpu / run.records * 1e6,
            "requests a thousand records": loader.requests / run.records * 1000,
        }
        for name, value in values.items():
            base = first.setdefault(name, value)
            label = f"{name.partition(',')[0]}, object of {size // 1_000_000} MB"
            unit = "µs" if "µs" in name else "a thousand" if "thousand" in name else ""
            figures.append(Figure(label, unit, [value], {"1 MB": [base]}, False, {}))  # noqa: FBT003
        figures.append(
            Figure(
                f"memory over idle, object of {size // 1_000_000} MB",
                "MiB",
                [growth_mib(stubs, path, size)],
                {},
                more_is_better=False,
                aims={},
            )
        )
    return figures


def _cold_start(times: int) -> Figure:
    programs = {"ours": cold_start.OURS, "typical": cold_start.typical()}
    values: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(times + 1):  # the first warms the disk's cache
        for name, program in programs.items():
            values[name].append(cold_start.cpu(program) * 1000)
    with_tracer = "with Tracer" if cold_start.has_tracer() else "without Tracer"
    baselines = {f"typical handler {with_tracer}": values["typical"][1:]}
    return Figure(
        "cold start, CPU",
        "ms",
        values["ours"][1:],
        baselines,
        more_is_better=False,
        aims=dict.fromkeys(baselines, 1 / 0.6),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
