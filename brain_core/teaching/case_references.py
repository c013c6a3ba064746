"""The literature behind the lessons of `cases`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A publication; ``link`` is its DOI or arXiv address."""

    key: str
    text: str
    link: str


REFERENCES = (
    Reference(
        "adebayo",
        "Adebayo et al. 2018: Sanity checks for saliency maps. NeurIPS.",
        "https://arxiv.org/abs/1810.03292",
    ),
    Reference(
        "altman",
        "Altman and Bland 1994: Diagnostic tests 2: predictive values. BMJ 309:102.",
        "https://doi.org/10.1136/bmj.309.6947.102",
    ),
    Reference(
        "degrave",
        "DeGrave et al. 2021: AI for radiographic COVID-19 detection selects shortcuts over signal. Nat Mach Intell "
        "3:610.",
        "https://doi.org/10.1038/s42256-021-00338-7",
    ),
    Reference(
        "dratsch",
        "Dratsch et al. 2023: Automation bias in mammography. Radiology 307:e222176.",
        "https://doi.org/10.1148/radiol.222176",
    ),
    Reference(
        "geirhos",
        "Geirhos et al. 2020: Shortcut learning in deep neural networks. Nat Mach Intell 2:665.",
        "https://arxiv.org/abs/2004.07780",
    ),
    Reference(
        "goddard",
        "Goddard et al. 2012: Automation bias: a systematic review. J Am Med Inform Assoc 19:121.",
        "https://doi.org/10.1136/amiajnl-2011-000089",
    ),
    Reference(
        "guo",
        "Guo et al. 2017: On calibration of modern neural networks. ICML.",
        "https://arxiv.org/abs/1706.04599",
    ),
    Reference(
        "selvaraju",
        "Selvaraju et al. 2017: Grad-CAM: visual explanations from deep networks. ICCV.",
        "https://arxiv.org/abs/1610.02391",
    ),
    Reference(
        "sun",
        "Sun et al. 2022: Out-of-distribution detection with deep nearest neighbors. ICML.",
        "https://arxiv.org/abs/2204.06507",
    ),
    Reference(
        "zech",
        "Zech et al. 2018: Variable generalization performance of a deep learning model to detect pneumonia in chest "
        "radiographs. PLoS Med 15:e1002683.",
        "https://doi.org/10.1371/journal.pmed.1002683",
    ),
    Reference(
        "zhang",
        "Zhang et al. 2016: Top-down neural attention by excitation backprop (the pointing game). ECCV.",
        "https://arxiv.org/abs/1608.00507",
    ),
)
