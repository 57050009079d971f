"""Training by hand, against finite differences, and to the bit."""

import subprocess
import sys

import numpy as np
import pytest

from semverse.envs.errors import InputError
from semverse.envs.fedsem.datasets import load_data, split_data
from semverse.envs.fedsem.federation import Federation, Recipe
from semverse.envs.fedsem.learning import Descent, class_accuracy, cross_entropy_gradient, one_hot, softmax
from semverse.envs.fedsem.network import Network
from semverse.envs.fedsem.types import Release

CLIENTS = 40
ALGORITHMS = ("fd", "fedavg", "fedavg_kd")


def recipe(algorithm, models=("cnn",), **keys):
    return Recipe(algorithm, models, Descent(10, 5, 0.1), Descent(5, 32, 0.1), 1.0, **keys)


def federation(algorithm, models=("cnn",), seed=0, **keys):
    rng = np.random.default_rng(seed)
    split = split_data(load_data("digits"), CLIENTS, 25, 400, rng)
    return Federation(split, recipe(algorithm, models, **keys), rng), rng


def play(algorithm, rounds, *, chosen=10, rule=Release(1.0, 0.0, 32, 400), **keys):  # noqa: B008  frozen
    found, rng = federation(algorithm, **keys)
    for _ in range(rounds):
        found.play(np.sort(rng.permutation(CLIENTS)[:chosen]), rule, rng)
    return found


@pytest.mark.parametrize("model", ["cnn", "mlp", "linear"])
def test_gradients_are_finite_differences(model):
    network, rng = Network.of(model, (9, 8)), np.random.default_rng(0)
    parameters = rng.normal(size=(2, network.size)) * 0.3
    images, labels = rng.random((2, 5, 9, 8)), one_hot(rng.integers(10, size=(2, 5)))
    direction = rng.normal(size=parameters.shape)

    def loss(at):
        return -(labels * np.log(softmax(network.logits(at, images)))).sum(axis=(1, 2)) / 5

    gradient = cross_entropy_gradient(network, parameters, images, labels)
    step = 1e-6 * direction
    slope = (loss(parameters + step) - loss(parameters - step)) / 2e-6
    assert (gradient * direction).sum(axis=1) == pytest.approx(slope, rel=1e-3)


def test_the_cnn_of_mnist_has_as_many_parameters_as_it_says():
    """3x3 from 1 to 8, 3x3 from 8 to 16, dense from 7x7x16 to 10."""
    assert Network.of("cnn", (28, 28)).size == 10 * 8 + 73 * 16 + 785 * 10


def test_accuracy_by_hand():
    logits = np.eye(10, dtype=np.float32)[[0, 0, 1, 2]]
    assert class_accuracy(logits, np.array([0, 1, 1, 2])).tolist() == [1, 0.5, 1, *[0] * 7]


def test_slices_are_sorted_by_class():
    found, _ = federation("fd")
    labels = found.split.private_labels.ravel()
    assert (np.diff(labels) >= 0).all()
    mixed = found.split.class_shares().max(axis=1) < 1
    assert mixed.sum() <= 9  # ten classes have nine borders
    assert len(found.split.test) == 1797 - 1400


def test_logits_of_strangers_teach_where_averaging_does_not():
    """Fig. 5a in small; and the paper's text to the letter, without the public term, collapses."""
    accuracy = {name: float(play(name, 15).accuracy().mean()) for name in ALGORITHMS}
    letter = float(play("fd", 15, public_term=False).accuracy().mean())
    assert accuracy["fd"] > accuracy["fedavg"] + 0.2
    assert accuracy["fedavg_kd"] > accuracy["fedavg"] + 0.2
    assert accuracy["fd"] > letter + 0.2


def test_models_of_several_kinds_share_logits():
    found = play("fd", 4, models=("cnn", "mlp"))
    assert found.accuracy().mean() > 0.2
    assert found.networks["mlp"].size == 4810


def test_averaging_by_hand():
    """Without training the mean of all uploads is nothing; with noise the model moves by the noise."""
    found, rng = federation("fedavg")
    before = found.model.copy()
    found.learn(np.zeros(found.network.size, dtype=np.float32), np.arange(3), rng)
    assert np.array_equal(found.model, before)


def test_sizes_of_uploads():
    """1000 labels of ten float32 are 320 kbit; averaging sends the whole model, as the server does."""
    distilling, averaging = federation("fd")[0], federation("fedavg")[0]
    assert distilling.upload_bits(Release(1.0, 0.0, 32, 1000)) == 320_000
    assert distilling.upload_bits(Release(1.0, 0.0, 4, 1000)) == 40_032
    assert averaging.upload_bits(Release(1.0, 0.0, 32, 1000)) == averaging.broadcast_bits == 32 * 1898


def test_a_round_of_nobody_changes_nothing():
    found, rng = federation("fd")
    before = found.model.copy()
    found.play(np.array([], dtype=np.int64), Release(1.0, 1.0, 8, 100), rng)
    assert np.array_equal(found.model, before)


CODE = """
import hashlib, numpy as np
from semverse.envs.fedsem.datasets import load_data, split_data
from semverse.envs.fedsem.federation import Federation, Recipe
from semverse.envs.fedsem.learning import Descent
from semverse.envs.fedsem.types import Release
rng = np.random.default_rng(3)
split = split_data(load_data("digits"), 100, 10, 400, rng)
descent = Descent(1, 10, 0.1)
fed = Federation(split, Recipe("fd", ("cnn", "mlp"), descent, descent, 1.0), rng)
for _ in range(2):
    fed.play(np.arange(60), Release(5.0, 0.5, 8, 400), rng)
print(hashlib.sha256(fed.model.tobytes()).hexdigest())
"""


def test_the_same_bits_in_every_process_with_any_number_of_threads():
    found = {
        subprocess.run(
            [sys.executable, "-c", CODE],
            capture_output=True,
            text=True,
            check=True,
            env={"OPENBLAS_NUM_THREADS": threads},
        ).stdout
        for threads in ("1", "2", "2")
    }
    assert len(found) == 1


def test_shipped_digits_are_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    theirs, ours = datasets.load_digits(), load_data("digits")
    assert np.array_equal(theirs.images.astype(np.float32) / 16, ours.images)
    assert np.array_equal(theirs.target, ours.labels)


def test_files_of_users(tmp_path):
    digits = load_data("digits")
    np.savez(tmp_path / "mine.npz", images=digits.images[:30], labels=digits.labels[:30])
    assert np.allclose(load_data(str(tmp_path / "mine.npz")).images, digits.images[:30])
    rows = [
        ",".join(map(str, [label, *image.ravel()]))
        for label, image in zip(digits.labels[:30], digits.images[:30], strict=True)
    ]
    header = ",".join(["label", *(f"p{i}" for i in range(64))])
    (tmp_path / "mine.csv").write_text("\n".join([header, *rows]))
    assert np.allclose(load_data(str(tmp_path / "mine.csv")).images, digits.images[:30])


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("bad.csv", "", "column is missing"),
        ("bad.csv", "a,b\n1,2\n", "column is missing"),
        ("bad.csv", "label,a\n1,x\n", "line 2: holds no numbers"),
        ("bad.csv", "label,a\n1\n", "has 1 columns"),
        ("bad.csv", "label,a,b\n1,2,3\n", "no square"),
        ("bad.csv", "label,a\n1,2\n", "pictures of 1x1"),
        ("bad.csv", "label," + ",".join("p" * 16) + "\n17" + ",1" * 16, "are no classes"),
        ("bad.csv", "label," + ",".join("p" * 16) + "\n1" + ",-1" * 16, "are no grey values"),
        ("bad.npz", "no archive", "is no NPZ file"),
        ("missing.npz", None, "cannot be read"),
        ("bad.txt", "", "choose 'digits'"),
    ],
)
def test_bad_files_are_one_line(tmp_path, name, content, text):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=text) as caught:
        load_data(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_too_few_pictures():
    with pytest.raises(InputError, match="has 1797 pictures"):
        split_data(load_data("digits"), 100, 30, 400, np.random.default_rng(0))
