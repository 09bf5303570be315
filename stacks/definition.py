"""The state machine's definition, and the names in it that the stack needs."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

_DEFINITION = Path(__file__).resolve().parent.parent / "statemachine" / "ingest.asl.json"


@dataclass(frozen=True)
class Definition:
    """The text of an Amazon States Language definition, with its `${Substitutions}`."""

    text: str

    @classmethod
    def read(cls) -> "Definition":
        """The product's."""
        return cls(_DEFINITION.read_text(encoding="utf-8"))

    @cached_property
    def states(self) -> dict[str, dict[str, Any]]:
        """Every state of the main flow by its name, those inside of maps left out."""
        states: dict[str, dict[str, Any]] = json.loads(self.text)["States"]
        return states

    @property
    def map_labels(self) -> list[str]:
        """Labels of the distributed maps, which name their children and runs."""
        return [
            state["Label"]
            for state in self.states.values()
            if state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode")
            == "DISTRIBUTED"
        ]

    @property
    def verdicts(self) -> list[str]:
        """States that fail an execution for good."""
        return [name for name, state in self.states.items() if state["Type"] == "Fail"]

    @property
    def work(self) -> list[str]:
        """States that fail in place, and that a redrive continues."""
        return [name for name, state in self.states.items() if state["Type"] in {"Map", "Task"}]
