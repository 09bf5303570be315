"""`python -m bench.simulation [--all]`: print the figures, write JSON and the picture."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from bench.report import Figure, table, write_svg
from bench.simulation.account import AccountLimits
from bench.simulation.scenario import Outcome, Scenario, simulate

JSON, PICTURE = Path("build/simulation.json"), Path("docs/scale.svg")
BEFORE = "first version"
NEW_ACCOUNT = AccountLimits(lambda_concurrency=10)
SMALL, LARGE = Scenario(1, 100_000, 800), Scenario(1, 100_000, 400_000)
WITH_IMAGES = Scenario(1, 100_000, 600_000, has_images=True)
AT_10 = Scenario(100, 1_000, 600_000, account=NEW_ACCOUNT)
AT_1000 = Scenario(1_000, 20_000, 4_000)
IMAGES_AT_ONCE = Scenario(100, 8_000, 2_000, has_images=True)
SPREAD = [
    Scenario(jobs, records, length)
    for jobs, records in ((1, 10), (1, 10_000), (1, 10**6), (1, 10**8), (10, 10_000), (100, 10_000))
    for length in (800, 400_000)
    if records * length < 10**12
] + [
    Scenario(1_000, 1_667, 600_000),
    Scenario(100, 10_000, 800, is_one_user=True),
    Scenario(100, 10_000, 800, is_one_user=True, backfill=(5, 5)),
]


def main(*, everything: bool) -> None:
    """Simulate, print and draw."""
    figures = aims()
    print(table(figures))
    write_svg(figures, PICTURE)
    outcomes = [simulate(each) for each in SPREAD] if everything else []
    for each in outcomes:
        print(line(each))
    JSON.parent.mkdir(exist_ok=True)
    found = [*(each.as_json() for each in figures), *(each.as_json() for each in outcomes)]
    JSON.write_text(json.dumps(found, indent=2) + "\n")


def aims() -> list[Figure]:
    """What was to be reached, against the first version in the same model."""
    pairs = {each: (simulate(each), simulate(replace(each, before=True))) for each in (
        SMALL, LARGE, WITH_IMAGES, AT_10, AT_1000, IMAGES_AT_ONCE
    )}  # fmt: skip

    def figure(name: str, unit: str, scenario: Scenario, value: str) -> Figure:
        now, before = (float(getattr(each, value)) for each in pairs[scenario])
        more = value == "succeeded"
        return Figure(name, unit, [now], {BEFORE: [before]}, more_is_better=more)

    return [
        figure("100,000 x 800 B: LoadRanges over its floor", "", SMALL, "loading_ratio"),
        figure("the same: LoadSegment", "GB-s", SMALL, "loading_gigabyte_seconds"),
        figure("100,000 x 400 KB: LoadRanges over its floor", "", LARGE, "loading_ratio"),
        figure("the same: state transitions", "$", LARGE, "transitions_cost"),
        figure("100,000 x 600 KB, images: cost over its floor", "", WITH_IMAGES, "cost_ratio"),
        figure("100 jobs at concurrency 10: succeeded", "", AT_10, "succeeded"),
        figure("1,000 jobs at concurrency 1,000: succeeded", "", AT_1000, "succeeded"),
        figure("100 jobs of 8,000 images at once: succeeded", "", IMAGES_AT_ONCE, "succeeded"),
    ]


def line(outcome: Outcome) -> str:
    """One scenario in a line."""
    each = outcome.scenario
    whose = ", one user" if each.is_one_user else ""
    if each.backfill is not None:
        whose += f", backfilled {each.backfill[1]} at a time"
    refused = ", ".join(f"{number:,} {error}" for error, number in sorted(outcome.refused.items()))
    return (
        f"{each.jobs:>5} x {each.records:>11,} x {each.line_bytes:>7,} B{whose}: "
        f"{outcome.wall:,.0f} s, loading {outcome.loading_ratio:.2f} of its floor, "
        f"${outcome.cost:,.4f}, {outcome.cost_ratio:.2f} of its floor, {outcome.failed} failed, "
        f"{outcome.most_at_once} functions at once, refused: {refused or 'none'}"
    )


if __name__ == "__main__":
    arguments = argparse.ArgumentParser("bench.simulation")
    arguments.add_argument("--all", action="store_true", help="also 1 to 1,000 jobs of any size")
    main(everything=arguments.parse_args().all)
