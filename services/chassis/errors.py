"""The tree of errors, named by what the caller should do.

SluiceError
├── ConfigurationError   refuse to start: says file, line, field, remedy
├── Rejected             this record's fault, for ever: dead letter "rejected"
├── Undecodable          this record's bytes: dead letter "undecodable"
├── InferenceFailed      this text alone breaks the model: dead letter "inference-failed"
├── Refused              the broker refuses this message for ever, by its size: the record's fault
├── Outage               a dependency is down for all: hold the partition, try again, never
│                        dead-letter
└── Crash                the process must end without acknowledging: another one takes over
"""


class SluiceError(Exception):
    """Anything that Sluice itself has to say."""


class ConfigurationError(SluiceError):
    """A setting or a file is wrong; the message names where and the remedy."""


class Rejected(SluiceError):  # noqa: N818 - named by what became of the record
    """The record is readable and still not acceptable; names field and remedy."""


class Undecodable(SluiceError):  # noqa: N818 - named by what the record is
    """The record's bytes are not what the topic promises."""


class InferenceFailed(SluiceError):  # noqa: N818 - named by what happened
    """This text alone fails while the canary passes."""


class Refused(SluiceError):  # noqa: N818 - named by what the broker did
    """The broker refuses this very message for ever; trying again would not help it."""


class Outage(SluiceError):  # noqa: N818 - named by what it is
    """A dependency does not answer: nobody's fault, hold and retry."""


class Crash(SluiceError):  # noqa: N818 - named by what to do
    """Going on would break a promise: end the process, unacknowledged."""
