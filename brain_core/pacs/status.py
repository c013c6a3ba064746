"""The archive's status codes in words."""

from __future__ import annotations

HTTP = {  # PS3.18 and RFC 9110
    400: "it does not understand the request",
    401: "user, password or token are wrong or missing",
    403: "this user may not do that",
    404: "there is nothing at this address: the study is not there, or the URL is not the DICOMweb root",
    405: "it does not offer this service at this address",
    406: "it cannot answer in the form that was asked for",
    408: "it waited too long for the request",
    409: "it refuses the object as it is",
    413: "the answer or the object is too large for it",
    415: "it does not take objects of this kind",
    429: "it is asked too often",
    500: "it failed inside",
    501: "it does not offer this service",
    502: "the archive behind the gateway does not answer",
    503: "it is not ready at the moment",
    504: "the archive behind the gateway does not answer in time",
}
SUCCESS, CANCELLED = 0x0000, 0xFE00
PENDING = (0xFF00, 0xFF01)
DUPLICATE = 0x0111  # the archive holds the instance already
NOT_AUTHORISED = 0x0124
OUT_OF_RESOURCES = 0xA700
IN_PART = 0xB000  # of a retrieval
_DIMSE = {  # PS3.7 annex C and PS3.4 annexes B and C
    0x0105: "no such attribute",
    0x0106: "invalid attribute value",
    0x0110: "processing failure",
    DUPLICATE: "it holds the instance already",
    0x0112: "no such instance",
    0x0117: "invalid object instance",
    0x0118: "no such SOP class",
    0x0120: "missing attribute",
    0x0122: "SOP class not supported",
    NOT_AUTHORISED: "not authorised",
    0x0210: "duplicate invocation",
    0x0211: "unrecognised operation",
    0x0212: "mistyped argument",
    OUT_OF_RESOURCES: "out of resources",
    0xA701: "out of resources, it cannot count the matches",
    0xA702: "out of resources, it cannot send the instances",
    0xA801: "it does not know the move destination (move_aet)",
    0xA900: "the data set does not match the SOP class",
    IN_PART: "some instances could not be sent",
    CANCELLED: "it broke off, as there were more matches than it gives at a time: narrow the dates",
}
_RANGES = ((0xA700, 0xA7FF, 0xA700), (0xA900, 0xA9FF, 0xA900))


def http(status: int) -> str:
    """An HTTP status in words."""
    rest = "it failed inside" if status >= 500 else "it refuses the request"
    return f"HTTP {status}: {HTTP.get(status, rest)}"


def dimse(status: int) -> str:
    """A DIMSE status, or a failure reason of STOW, in words."""
    code = next((named for low, high, named in _RANGES if low <= status <= high and status not in _DIMSE), status)
    rest = "it cannot understand or process this" if 0xC000 <= status <= 0xCFFF else "failure"
    return f"status 0x{status:04X}: {_DIMSE.get(code, rest)}"


def is_stored(status: int) -> bool:
    """Whether the object of a C-STORE is in the archive: success, a warning, or there before."""
    return status in (SUCCESS, DUPLICATE) or 0xB000 <= status <= 0xBFFF
