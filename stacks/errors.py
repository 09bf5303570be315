"""What can stop a synthesis, each with a message for the person who runs it.

SynthesisError
├── SettingsError    a setting is out of its bounds, or unknown (`settings`)
├── LockNotRead      uv.lock is missing or invalid (`packaging.lock`)
├── LayerNotBuilt    the dependencies could not be fetched (`packaging.layer_archive`)
└── LayerEmpty       the layer to deploy holds no dependencies (`synth`)
"""


class SynthesisError(Exception):
    """The synthesis cannot go on; the message is all that a person needs."""


class SettingsError(SynthesisError):
    """A setting has a value that it cannot have, or there is no setting of that name."""


class LockNotRead(SynthesisError):  # noqa: N818 - says what is the case
    """The lock file is damaged, or of another version of uv."""


class LayerNotBuilt(SynthesisError):  # noqa: N818 - says what is the case
    """The layer of dependencies is missing and could not be built."""


class LayerEmpty(SynthesisError):  # noqa: N818 - says what is the case
    """The layer to deploy holds no dependencies: every function would fail."""
