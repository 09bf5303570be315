"""Figures as a table on the terminal, as `build/bench.json`, and as a picture."""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

_ROW, _WIDTH = 24, 960
_COLUMNS = (16, 330, 520, 790, 890)


@dataclass(frozen=True)
class Figure:
    """A measure of ours, beside those of the baselines.

    Attributes:
        name: What is measured.
        unit: Of all its values.
        ours: One value a round.
        baselines: The same by the name of the baseline.
        more_is_better: Otherwise less is.
        aims: Least ratio wanted, by baseline.
    """

    name: str
    unit: str
    ours: Sequence[float]
    baselines: Mapping[str, Sequence[float]]
    more_is_better: bool = False
    aims: Mapping[str, float] = field(default_factory=dict)

    def ratio(self, baseline: str) -> float:
        """How many times as good as the baseline: of the medians."""
        ours, theirs = statistics.median(self.ours), statistics.median(self.baselines[baseline])
        return ours / theirs if self.more_is_better else theirs / ours

    def as_json(self) -> dict[str, object]:
        """One object of the list."""
        return {
            "name": self.name,
            "ours": statistics.median(self.ours),
            "oursSpread": [min(self.ours), max(self.ours)],
            "baselines": {n: statistics.median(v) for n, v in self.baselines.items()},
            "baselinesSpread": {n: [min(v), max(v)] for n, v in self.baselines.items()},
            "ratio": {name: round(self.ratio(name), 2) for name in self.baselines},
            "aim": dict(self.aims),
            "unit": self.unit,
        }

    def rows(self) -> list[tuple[str, ...]]:
        """A row a baseline, or one where there is none."""
        first = (f"{self.name} ({self.unit})" if self.unit else self.name, spread(self.ours))
        rows: list[tuple[str, ...]] = []
        for name, values in self.baselines.items():
            aim = f"{self.aims[name]:g}" if name in self.aims else ""
            row = (f"{name}: {spread(values)}", f"{self.ratio(name):.1f}", aim)
            rows.append((*(first if not rows else ("", "")), *row))
        return rows or [(*first, "", "", "")]


def spread(values: Sequence[float]) -> str:
    """Median, and least to most."""
    return f"{statistics.median(values):.4g} ({min(values):.4g} to {max(values):.4g})"


HEAD = ("measure", "ours", "baseline", "times as good", "aim")


def table(figures: Iterable[Figure]) -> str:
    """Columns for a terminal."""
    rows = [HEAD, *(row for figure in figures for row in figure.rows())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def write_json(figures: Iterable[Figure], path: Path) -> None:
    """The list of figures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([each.as_json() for each in figures], indent=2) + "\n")


def write_svg(figures: Iterable[Figure], path: Path) -> None:
    """The table as a picture that needs no font of its own."""
    rows = [HEAD, *(row for figure in figures for row in figure.rows())]
    cells = [
        f'<text x="{x}" y="{_ROW * (number + 1)}"{_weight(number)}>{escape(cell)}</text>'
        for number, row in enumerate(rows)
        for x, cell in zip(_COLUMNS, row, strict=True)
        if cell
    ]
    write_picture(path, cells, width=_WIDTH, height=_ROW * (len(rows) + 1))


def write_picture(path: Path, parts: Iterable[str], *, width: int, height: int) -> None:
    """An SVG on a white ground."""
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" '
        f'fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _weight(number: int) -> str:
    return ' font-weight="bold"' if number == 0 else ""
