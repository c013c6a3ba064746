"""A tumour that is erased: the healthy side stands in, what lies across the middle is left out, and the figures."""

from types import SimpleNamespace

import numpy as np
import pytest

from brain_core.evaluation.erasure import erase, erased
from brain_core.evaluation.localisation import Masked
from brain_core.inference import Detector
from brain_core.registry import read_card
from brain_core.scans.phantom import Lesion, Phantom, draw, lesion_mask
from tests.helpers import put_in_service
from tests.ui.service import bright_patch_network


class Brightest:
    """A model that says 'tumour' by the hundred brightest pixels: lesions here are brighter than all else."""

    card = SimpleNamespace(name="brightest", operating_point=SimpleNamespace(threshold=0.5))

    def predict(self, scans):
        return [SimpleNamespace(probability=float(bright(scan))) for scan in scans]


def bright(scan) -> bool:
    return np.sort(scan.grey, axis=None)[-100] > 240


def case_of(seed: int, centre=(0.68, 0.45)) -> Masked:
    phantom = Phantom(seed=seed, lesion=Lesion(centre, 0.12, 0.9))
    return Masked(str(seed), draw(phantom), lesion_mask(phantom))


def test_the_other_side_stands_in_and_the_rest_stays():
    case = case_of(3)
    without = erased(case)
    healthy = draw(Phantom(seed=3)).grey.astype(float)
    inside, far = case.mask, np.zeros_like(case.mask)
    far[:, : case.mask.shape[1] // 2] = True
    assert case.scan.grey[inside].mean() > healthy[inside].mean() + 100
    assert without.grey[inside].mean() == pytest.approx(healthy[inside].mean(), abs=30)  # the head is turned a little
    assert (without.grey[far] == case.scan.grey[far]).all()
    assert without.name == "3, tumour erased"


def test_a_tumour_across_the_middle_has_no_side_to_stand_in():
    assert erased(case_of(3, centre=(0.5, 0.45))) is None


def test_a_model_that_goes_by_the_tumour_changes_its_mind():
    dark = [seed for seed in range(40) if not bright(draw(Phantom(seed=seed)))][:12]  # so is their skull
    cases, seen = [case_of(seed) for seed in dark] + [case_of(20, centre=(0.5, 0.45))], []
    found = erase(cases, Brightest(), lambda *progress: seen.append(progress))
    assert (found.source, found.n, found.left_out) == ("brightest", 12, 1)
    assert seen == [(8, 12), (12, 12)]
    assert (found.found.value, found.still.value, found.change.value, found.told_apart) == (1, 0, -1, 1)


def test_a_model_that_does_not_look_is_not_told_apart(tmp_path):
    put_in_service(tmp_path, "custom_cnn", bright_patch_network("custom_cnn", level=0.8, gain=0, offset=-3))
    found = erase([case_of(seed) for seed in range(12)], Detector(read_card("custom_cnn", tmp_path)))
    assert (found.found.value, found.still.value, found.change.value, found.told_apart) == (1, 1, 0, 0.5)


def test_without_a_scan_it_is_not_computed(tmp_path):
    put_in_service(tmp_path, "custom_cnn")
    found = erase([case_of(3, centre=(0.5, 0.45))], Detector(read_card("custom_cnn", tmp_path)))
    assert (found.n, found.left_out, found.told_apart) == (0, 1, None)
    assert found.still.text() == "not computed: no scan has a healthy side to stand in"
