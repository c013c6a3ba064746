"""How the learning rate runs over a training."""

from __future__ import annotations

import keras

WARM_UP = 1 / 20  # of the steps


def cosine(peak: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Up to ``peak`` in a straight line over the first twentieth of the steps, then to 0 along half a cosine.

    Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts.
    """
    warm = max(1, int(steps * WARM_UP))
    return keras.optimizers.schedules.CosineDecay(0.0, max(1, steps - warm), warmup_target=peak, warmup_steps=warm)
