"""What can stop a synthesis, in words for whoever runs it.

SynthesisError
├── SettingsError    a knob out of its bounds, or unknown (`settings`)
├── LockNotRead      the lock file is none (`lock`)
└── LayerNotBuilt    the dependencies could not be fetched (`layer_archive`)
"""


class SynthesisError(Exception):
    """The synthesis cannot go on; the message is all that a person needs."""


class SettingsError(SynthesisError):
    """A knob has a value that it cannot have, or a name that no knob has."""


class LockNotRead(SynthesisError):  # noqa: N818 - says what is the case
    """The lock file is damaged, or of another version of uv."""


class LayerNotBuilt(SynthesisError):  # noqa: N818 - says what is the case
    """The layer of dependencies is not there and could not be built."""
