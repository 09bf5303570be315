"""The SDK's session, with a short start.

botocore makes the same clients as boto3, without loading resources and transfers.
"""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, create_loader
from botocore.session import Session

from functions.aws.runtime.denials import denials


class ServiceModelFiles(JSONFileLoader):
    """Reads the SDK's descriptions of services into plain dicts.

    An `OrderedDict` for each of their objects costs a tenth of what two clients cost; plain ones
    have kept their order since Python 3.7.
    """

    def load_file(self, file_path: str) -> Any:
        """The content of a file named without its ending, None if there is none."""
        for ending, decompress in ((".json", bytes), (".json.gz", gzip.decompress)):
            path = Path(file_path + ending)
            if path.is_file():
                return json.loads(decompress(path.read_bytes()))
        return None


@cache
def session() -> Session:
    """The one of this execution environment."""
    made = Session()
    loader = create_loader(made.get_config_variable("data_path"))
    loader.file_loader = ServiceModelFiles()
    made.register_component("data_loader", loader)
    denials().watch(made)
    return made
