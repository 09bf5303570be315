"""Wildcards in policies: `*` and `?` stand for any characters, line ends too.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

import re
from functools import lru_cache

from ministack.core import iam_evaluator

_WILDCARDS = {"*": ".*", "?": "."}


def install() -> None:
    """Compile MiniStack's patterns here: its own stop at a line end."""
    iam_evaluator._fnmatch_compile = compiled


@lru_cache(maxsize=4096)
def compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:  # noqa: FBT001 - MiniStack's
    """A pattern that matches from a text's first to its last character."""
    text = "".join(_WILDCARDS.get(each) or re.escape(each) for each in pattern)
    return re.compile(rf"{text}\Z", re.DOTALL | (re.IGNORECASE if ignore_case else re.NOFLAG))
