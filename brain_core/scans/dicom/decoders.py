"""Which decoder takes which transfer syntax: those that answer damaged data with an error.

The choice is explicit since pydicom would try all that are installed, and of these GDCM ends the whole process at some
damaged JPEG files, pylibjpeg-rle panics, and CharLS (pyjpegls) waits for ever for an end marker that is missing.
"""

from __future__ import annotations

import importlib.util

import numpy as np
from pydicom import Dataset
from pydicom.pixels import convert_color_space, get_decoder
from pydicom.uid import (
    HTJ2K,
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000TransferSyntaxes,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSTransferSyntaxes,
    RLELossless,
)

from brain_core.errors import ScanError

# Transfer syntax -> pydicom's plugin for it.
PLUGINS = {
    RLELossless: "pydicom",
    JPEGBaseline8Bit: "pillow",
    **dict.fromkeys(JPEGLSTransferSyntaxes, "pyjpegls"),
    **dict.fromkeys((*JPEG2000TransferSyntaxes, HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K), "pylibjpeg"),
}
INSTALL = {"pillow": "pillow", "pyjpegls": "pyjpegls", "pylibjpeg": "pylibjpeg and pylibjpeg-openjpeg"}
BY_IMAGECODECS = (JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1)  # libjpeg-turbo 3


def missing_decoder(syntax: UID) -> str | None:
    """Why pixels of a transfer syntax cannot be decoded here, None where they can."""
    if syntax in BY_IMAGECODECS:
        return None if importlib.util.find_spec("imagecodecs") else _to_install(syntax, "imagecodecs")
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        named = "unknown" if syntax.is_private or syntax.name == syntax else syntax.name
        return f"its transfer syntax is not read ({named})"
    plugin = PLUGINS.get(syntax)
    if plugin is None or plugin in decoder.available_plugins:
        return None
    return _to_install(syntax, INSTALL[plugin])


def _to_install(syntax: UID, packages: str) -> str:
    return f"its pixels are compressed ({syntax.name}); install {packages} to read them"


def decode_jpeg(data: bytes, module: Dataset) -> np.ndarray:
    """Extended or lossless JPEG to stored values, (rows, columns) or (rows, columns, 3) RGB.

    Args:
        module: the Image Pixel module.

    Raises:
        ScanError: the picture has another shape than the module says.
    """
    import imagecodecs

    samples, bits = int(module.SamplesPerPixel), int(module.BitsStored)
    # The same colours in and out: the module says what the three components are, the codestream often does not.
    space = "RGB" if samples == 3 else None
    array = imagecodecs.jpeg8_decode(data, colorspace=space, outcolorspace=space)
    expected = (module.Rows, module.Columns, samples)[: 2 + (samples > 1)]
    if array.shape != expected:
        raise ScanError(f"Compressed picture: expected a shape of {expected}. Received: {array.shape}.")
    if samples == 3:
        ybr = str(module.PhotometricInterpretation).startswith("YBR")
        return convert_color_space(array, "YBR_FULL", "RGB") if ybr else array
    if not module.PixelRepresentation:
        return array
    shift = 32 - bits  # signed values come as their bits
    return (array.astype(np.int32) << shift >> shift).astype(np.int16)
