from brain_core.ui import samples


def test_phantoms_are_labelled_synthetic_and_their_names_tell_nothing():
    found = samples.phantoms()
    assert len(found) >= 4
    assert {samples.entry(sample).origin for sample in found} == {"synthetic phantom"}
    assert {sample.reference for sample in found} == {"tumor", "no tumor"}
    assert not any("lesion" in samples.entry(sample).name for sample in found)
    assert all(samples.entry(sample).read().sha256 == samples.entry(sample).key for sample in found)


def test_without_a_data_set_there_are_no_real_samples(set_environment, tmp_path):
    assert samples.real() == ()
    set_environment(BRAIN_DATA_DIR=tmp_path)
    assert samples.real() == ()


def test_real_samples_of_both_classes_are_offered_without_telling_which(set_environment, phantom_dataset):
    set_environment(BRAIN_DATA_DIR=phantom_dataset)
    found = samples.real()
    assert sorted(sample.reference for sample in found) == ["no tumor"] * 3 + ["tumor"] * 3
    assert [samples.entry(sample).name for sample in found] == [f"Real scan {n}" for n in range(1, 7)]
    assert [sample.reference for sample in found] != sorted(sample.reference for sample in found)


def test_an_unreadable_file_is_passed_over(set_environment, tmp_path, phantom_dataset):
    for folder in ("yes", "no"):
        (tmp_path / "navoneel" / folder).mkdir(parents=True)
        (tmp_path / "navoneel" / folder / "bad.png").write_bytes(b"bad")
    (good,) = list((phantom_dataset / "yes").iterdir())[:1]
    (tmp_path / "navoneel" / "yes" / "good.png").write_bytes(good.read_bytes())
    set_environment(BRAIN_DATA_DIR=tmp_path)
    assert [sample.reference for sample in samples.real()] == ["tumor"]
