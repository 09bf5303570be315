"""What can stop a synthesis, in words for whoever runs it.

SynthesisError
├── SettingsError    a knob out of its bounds, or unknown (`settings`)
└── LayerNotBuilt    the dependencies could not be fetched (`layer_archive`)
"""


class SynthesisError(Exception):
    """The synthesis cannot go on; the message is all that a person needs."""


class SettingsError(SynthesisError):
    """A knob has a value that it cannot have, or a name that no knob has."""


class LayerNotBuilt(SynthesisError):  # noqa: N818 - says what is the case
    """The layer of dependencies is not there and could not be built."""
