"""Every error that a user can cause, with a message fit to show on the page and on the command line."""

import errno

SHORTAGES = (errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT)  # of an OSError that blames no file


class BrainError(Exception):
    """Base class: the message says what came, what was expected and what to do."""


class ScanError(BrainError):
    """A file is not a scan that can be read."""


class ShortageError(ScanError):
    """A scan is not read because this machine runs short of memory, file handles or disk: it may be later."""


class DatasetError(BrainError):
    """A data set cannot be used for what was asked."""


class DownloadError(BrainError):
    """Something that lives on another machine could not be fetched."""


class ModelError(BrainError):
    """A model file is missing, damaged or not the one that its metadata describes."""


class OperatingPointError(BrainError):
    """The saved operating points of a model cannot be read, written or reverted."""


class ResultsError(BrainError):
    """A stored result is damaged."""


class ConfigError(BrainError):
    """A setting, an argument or a combination of them makes no sense."""


class RunError(BrainError):
    """A training run is damaged, is not there, or cannot do now what was asked of it."""


class PacsError(BrainError):
    """The archive cannot be reached, or does not do what was asked of it; the message names no patient."""


class StoreError(BrainError):
    """The prediction store cannot be reached, read or written; the message tells no password."""


class DeletedError(StoreError):
    """What it is about was deleted from the prediction store meanwhile."""


class AccessError(BrainError):
    """Whoever asks may not do this."""


class Cancelled(BrainError):
    """The user stopped a long-running task; nothing is half-written."""
