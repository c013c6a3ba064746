"""In-domain pretraining of a model's feature layers on a larger, unmatched collection of brain MRI.

Such collections have tumours from one source and healthy scans from another, so that a classifier of 'tumour' learns
the source. Three objectives cannot: imitating a teacher's features on the very same augmented view (knowledge
distillation: Hinton et al. 2015, arXiv:1503.02531; same view for both: Beyer et al. 2022, arXiv:2106.05237), which
needs no label; telling kinds of tumour apart, asked only of scans with a tumour; and finding lesions painted into
scans without one, which come from one source with and without the paint. A fourth, plain classification of all
kinds, is here to be compared with.
"""

from brain_core.training.pretraining.config import PretrainConfig
from brain_core.training.pretraining.run import pretrain

__all__ = ["PretrainConfig", "pretrain"]
