"""Leaves out layers that this machine cannot load.

A layer is built for a function's own processor and Python. Here functions run by the Python of this
environment, which has their dependencies; extension modules of another one would come before these
on the path and fail to load.
"""

from __future__ import annotations

import io
import logging
import re
import sysconfig
import zipfile
from typing import Any

from ministack.services import lambda_svc

_resolve = lambda_svc._resolve_layer_zip
_EXTENSION = re.compile(r"\.(?:cpython-\w+-[\w-]+)\.so$")
_OURS = str(sysconfig.get_config_var("EXT_SUFFIX"))
_logger = logging.getLogger("lambda.layers")


def install() -> None:
    """Check a layer before it is put on a function's path."""
    lambda_svc._resolve_layer_zip = _usable


def _usable(attachment: Any) -> bytes | None:
    content: bytes | None = _resolve(attachment)
    if content is None or is_for_this_python(content):
        return content
    _logger.warning("layer %s is left out: it is not built for this Python", attachment)
    return None


def is_for_this_python(archive: bytes) -> bool:
    """Whether this Python can load every extension module of a layer."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        return all(
            name.endswith(_OURS) for name in files.namelist() if _EXTENSION.search(name) is not None
        )
