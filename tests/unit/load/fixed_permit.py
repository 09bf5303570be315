from dataclasses import dataclass


@dataclass
class FixedPermit:
    """A permit of a call that keeps its claim."""

    replace: bool = True

    def may_replace(self) -> bool:
        return self.replace

    def ensure_claim(self) -> None:
        pass
