"""Settings of the functions that plan ranges."""

from functions.aws.runtime.settings import Settings
from functions.domain.load_plan import LoadLimits
from functions.domain.model import PositiveInt


class PlanSettings(Settings):
    """How results objects are cut into ranges, and loaded.

    Attributes:
        range_bytes: Of a range at most, if there are not too many.
        write_units_per_second: Of a user.
        function_memory_megabytes: Of LoadSegment.
    """

    range_bytes: PositiveInt
    max_ranges: PositiveInt
    load_concurrency: PositiveInt
    write_units_per_second: PositiveInt
    function_memory_megabytes: PositiveInt

    @property
    def limits(self) -> LoadLimits:
        """What a plan may use."""
        return LoadLimits(
            range_bytes=self.range_bytes,
            max_ranges=self.max_ranges,
            load_concurrency=self.load_concurrency,
            write_units_per_second=self.write_units_per_second,
            memory_megabytes=self.function_memory_megabytes,
        )
