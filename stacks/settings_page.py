"""Every setting as a table: `python -m stacks.settings_page > docs/generated/settings.md`."""

import json
import sys

from stacks import setting
from stacks.settings import Settings

_HEAD = """\
# Settings

Every setting of a deployment. The defaults are in `cdk.json`: change them there, or for one
deployment with `make deploy CDK_OPTIONS='-c name=value'`. A value out of its bounds, or a name that
is not in this list, stops the synthesis with a sentence that says so.

This page is written by `python -m stacks.settings_page` from `stacks/settings.py`.

| Setting | Default | Takes | What it does |
|---|---|---|---|
"""


def page() -> str:
    """The page in Markdown."""
    defaults = Settings.defaults()
    rows = [
        f"| `{name}` | `{json.dumps(defaults[name])}` | {setting.allowed(field)} |"
        f" {' '.join(str(field.description).split())} |\n"
        for name, field in Settings.fields().items()
    ]
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(page())
