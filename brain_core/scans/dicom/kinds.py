"""What a DICOM file is, in words: by its SOP class and modality a picture that is read, or a reason why not."""

from __future__ import annotations

from pydicom.uid import UID, UID_dictionary

MR = "MR"

# Names of SOP classes as the standard's registry has them, without their last word 'Storage'.
MR_PICTURES = (
    "MR Image",
    "Enhanced MR Image",
    "Enhanced MR Color Image",
    "Legacy Converted Enhanced MR Image",
)
NEUTRAL_PICTURES = (  # pictures whose modality says what they show
    "Secondary Capture Image",
    "Multi-frame Single Bit Secondary Capture Image",
    "Multi-frame Grayscale Byte Secondary Capture Image",
    "Multi-frame Grayscale Word Secondary Capture Image",
    "Multi-frame True Color Secondary Capture Image",
    "Parametric Map",
)
# Part of a SOP class's name -> what such a file holds; the first match counts.
NOT_PICTURES = {
    "Segmentation": "outlines drawn on images",
    "Presentation State": "display settings for images",
    "Structured Display": "display settings for images",
    "Hanging Protocol": "display settings for images",
    "Key Object Selection": "a list of notable images",
    "SR": "a report",
    "Report": "a report",
    "Log": "a report",
    "Assessment Results": "a report",
    "Encapsulated": "a document",
    "Waveform": "signals",
    "Spectroscopy": "spectra",
    "Raw Data": "measurements before reconstruction",
    "RT Dose": "a plan of doses",
    "RT Structure Set": "outlines drawn for radiotherapy",
    "RT": "a plan or record of radiotherapy",
    "Radiation": "a plan or record of radiotherapy",
    "Registration": "an alignment of images",
    "Fiducials": "points marked on images",
    "Tractography": "nerve tracts",
    "Real World Value": "units for images",
    "Color Palette": "a table of colours",
    "Overlay": "graphics for images",
    "LUT": "a table of grey levels",
}
# Modality (0008,0060) -> what it is, with its article.
MODALITIES = {
    "CT": "a computed tomography image",
    "CR": "a computed radiography X-ray image",
    "DX": "a digital X-ray image",
    "RG": "an X-ray film",
    "IO": "an X-ray image of teeth",
    "PX": "an X-ray image of teeth",
    "MG": "a mammogram",
    "US": "an ultrasound image",
    "IVUS": "an ultrasound image of vessels",
    "BDUS": "an ultrasound image of bone",
    "NM": "a nuclear medicine image",
    "PT": "a positron emission tomography image",
    "XA": "an X-ray angiogram",
    "RF": "an X-ray fluoroscopy image",
    "ES": "an endoscopy image",
    "GM": "a microscopy image",
    "SM": "a slide microscopy image",
    "XC": "a photograph",
    "OP": "a photograph of an eye",
    "OPT": "a tomography image of an eye",
    "OCT": "an optical tomography image",
    "IVOCT": "an optical tomography image of vessels",
    "ECG": "an electrocardiogram",
    "SR": "a report",
    "DOC": "a document",
    "PR": "display settings for images",
    "KO": "a list of notable images",
    "SEG": "outlines drawn on images",
    "REG": "an alignment of images",
    "RTDOSE": "a plan of doses",
    "RTIMAGE": "an image of a treatment beam",
    "RTPLAN": "a plan of radiotherapy",
    "RTSTRUCT": "outlines drawn for radiotherapy",
    "RTRECORD": "a record of radiotherapy",
}
# Part of the name of a SOP class of another modality -> that modality; the first match counts.
MODALITY_OF_CLASS = {
    "RT Image": "RTIMAGE",
    "Enhanced RT Image": "RTIMAGE",
    "CT": "CT",
    "Computed Radiography": "CR",
    "Mammography": "MG",
    "Breast": "MG",
    "Intra-Oral": "IO",
    "Digital X-Ray": "DX",
    "Ultrasound": "US",
    "Photoacoustic": "US",
    "Nuclear Medicine": "NM",
    "Positron": "PT",
    "PET": "PT",
    "X-Ray Radiofluoroscopic": "RF",
    "XRF": "RF",
    "X-Ray": "XA",
    "XA": "XA",
    "Endoscopic": "ES",
    "Whole Slide": "SM",
    "Microscop": "GM",
    "Photographic": "XC",
    "Optical Coherence": "OCT",
    "Ophthalmic Tomography": "OPT",
    "Ophthalmic": "OP",
}
UNCOUNTED = ("Data", "Results", "Fiducials", "Measurements", "Calculations", "Annotations", "Spectroscopy")
UNSPECIFIC = ("", "OT", "SC")  # modalities that say nothing: 'other', and a retired one of screen captures


def name_of(sop_class_uid: str) -> str:
    """The SOP class's name in the registry, without 'Storage'; empty for a private or unknown one."""
    return UID(sop_class_uid).name.replace(" Storage", "") if sop_class_uid in UID_dictionary else ""


def modality_of(sop_class_uid: str, modality: str) -> str | None:
    """The file's modality, from its SOP class where the file does not say; None where neither does."""
    if modality:
        return modality
    return MR if name_of(sop_class_uid) in MR_PICTURES else None


def refusal(sop_class_uid: str, modality: str) -> str | None:
    """Why a file is not read, as the end of a sentence that starts with its name; None for a picture to be read.

    Args:
        sop_class_uid, modality: of the file, empty where it has none; the modality in capitals.
    """
    name = name_of(sop_class_uid)
    may_be_read = name in MR_PICTURES + NEUTRAL_PICTURES
    if name and not may_be_read:
        return _other_class(sop_class_uid, name)
    if modality == MR or (may_be_read and modality in UNSPECIFIC):
        return None
    if modality in MODALITIES:
        return f"is {MODALITIES[modality]} ({modality}); BRAIN reads MR"
    if modality in UNSPECIFIC:
        return "is of no known kind (neither its SOP class nor its modality says MR); BRAIN reads MR"
    return "is of a modality that is not known here; BRAIN reads MR"


def _other_class(sop_class_uid: str, name: str) -> str:
    if UID(sop_class_uid).type != "SOP Class":
        return "is of no known kind (its SOP class is no SOP class); BRAIN reads MR"
    if name == "Media Directory":  # of 'Media Storage Directory Storage' both words are gone
        return "is a DICOMDIR (a directory of files), not an image"
    for part, modality in MODALITY_OF_CLASS.items():
        if _holds(name, part) and "Image" in name:
            return f"is {MODALITIES[modality]} ({modality}); BRAIN reads MR"
    for part, what in NOT_PICTURES.items():
        if _holds(name, part):
            return f"is {_named(name)} ({what}), not an image"
    return f"is {_named(name)}; BRAIN reads MR"


def _holds(name: str, part: str) -> bool:
    """Whether ``part`` stands in ``name`` from the start of a word; capitals alone are a whole word."""
    words = f" {name} "
    return f" {part} " in words if part.isupper() else f" {part}" in words


def _named(name: str) -> str:
    """The name with its article, where it takes one."""
    if name.endswith(UNCOUNTED):
        return name
    spoken_with_a_vowel = name[0] in "AEIO" or name.startswith(("RT ", "XA", "X-", "MR "))
    return f"{'an' if spoken_with_a_vowel else 'a'} {name}"
