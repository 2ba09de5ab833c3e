"""Every method's map, against its definition or the package's own way of making it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_grad_cam import EigenCAM, GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM
from pytorch_grad_cam.utils.image import scale_cam_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection
from scipy import ndimage
from torch import nn

from cternet.compare import DEFAULT, GROUPS, KINDS, METHODS, MapError, Networks, Sample, Stopped, load_samples, make_map, named
from tests.tiny import tiny_photo

PACKAGE = {
    "grad-cam": GradCAM,
    "grad-cam++": GradCAMPlusPlus,
    "layer-cam": LayerCAM,
    "hires-cam": HiResCAM,
}


class Logits(nn.Module):
    """What the package expects of a network."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(images).prediction


def raw(sample: Sample, method: str, label: str) -> np.ndarray:
    """The map before it is said to tell nothing."""
    return np.asarray(METHODS[method].make(sample, label, lambda: False))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_a_map(sample: Sample, method: str):
    values = raw(sample, method, sample.analysis.prediction)
    assert values.ndim == 2 and np.isfinite(values).all()
    assert METHODS[method].signed or values.min() >= 0 or method in ("s", "s-star", "wscnet")


@pytest.mark.parametrize("network", ["vanilla", "cternet"])
@pytest.mark.parametrize("kind", PACKAGE)
def test_from_features_equals_the_package_on_the_whole_network(networks: Networks, sample: Sample, kind: str, network: str):
    suffix = "" if network == "vanilla" else "-cternet"
    label = sample.networks.classes[2]
    index = networks.class_index(network, label)
    model = networks.classifiers[network]
    # A copy with gradients: the package differentiates from the image on.
    images = networks.normalised(network, sample.pixels(network)[None]).clone().requires_grad_()
    with torch.enable_grad(), PACKAGE[kind](Logits(model), [model.backbone.sections()[-1]]) as method:
        expected = method(images, [ClassifierOutputTarget(index)])[0]
    found = raw(sample, f"{kind}{suffix}", label)
    size = images.shape[-2:]
    again = scale_cam_image(scale_cam_image(found[None], size))[0]
    np.testing.assert_allclose(again, expected, atol=2e-3)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("network", ["vanilla", "cternet"])
def test_eigen_cam_is_the_package_s_with_the_sign_that_points_at_strong_features(sample, monkeypatch, network, sign):
    features = sample.need(network).float().numpy()[None]
    projection = get_2d_projection(features)[0]
    strength = np.linalg.norm(features[0], axis=0)
    expected = np.maximum(np.sign(np.corrcoef(projection.ravel(), strength.ravel())[0, 1]) * projection, 0)
    monkeypatch.setattr(EigenCAM, "get_cam_image", lambda *_: sign * projection[None])
    np.testing.assert_allclose(raw(sample, "eigen-cam" + ("" if network == "vanilla" else "-cternet"), "awe"), expected)
    assert expected.max() > 0


def test_the_mirrored_photo_has_the_mirrored_eigen_cam(networks: Networks, sample: Sample):
    """Mirroring the features may turn the singular vector over."""
    upright = raw(sample, "eigen-cam", "awe")
    sample.features["vanilla"] = sample.need("vanilla").flip(-1)
    np.testing.assert_allclose(raw(sample, "eigen-cam", "awe"), upright[:, ::-1], atol=1e-4 * upright.max())


def test_cam_and_the_bias_make_the_logit(networks: Networks, sample: Sample):
    model = networks.classifiers["vanilla"]
    with torch.no_grad():
        logits = model(networks.normalised("vanilla", sample.pixels("vanilla")[None])).prediction[0]
    for label in networks.classes:
        index = model.config.classes.index(label)
        total = raw(sample, "cam", label).mean() + float(model.classifier.bias[index])
        assert total == pytest.approx(float(logits[index]), abs=1e-3)


def test_score_cam_is_a_forward_a_channel(networks: Networks, sample: Sample):
    label = networks.classes[1]
    model = networks.classifiers["vanilla"]
    index = networks.class_index("vanilla", label)
    image = networks.normalised("vanilla", sample.pixels("vanilla")[None])
    with torch.no_grad():
        x = model.forward_features(image)
        scores = []
        for channel in x[0]:
            mask = nn.functional.interpolate(channel[None, None], image.shape[-2:], mode="bilinear", align_corners=True)
            mask = (mask - mask.min()) / (mask.max() - mask.min() + 1e-8)
            scores.append(float(model(image * mask).prediction[0, index]))
        expected = torch.einsum("c,chw->hw", torch.tensor(scores).softmax(0), x[0]).clamp(min=0)
    np.testing.assert_allclose(raw(sample, "score-cam", label), expected.numpy(), atol=1e-3)


def test_score_cam_can_be_stopped(sample: Sample):
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 1

    with pytest.raises(Stopped):
        make_map(sample, "score-cam", sample.analysis.prediction, stop=stop)
    assert len(asked) == 2
    assert make_map(sample, "score-cam", sample.analysis.prediction).shape == sample.analysis.s.shape  # and begun again


def test_maps_of_the_networks_themselves(networks: Networks, sample: Sample):
    label = networks.classes[4]
    np.testing.assert_array_equal(make_map(sample, "s", label), sample.analysis.s)
    np.testing.assert_array_equal(make_map(sample, "s-star", label), sample.analysis.counterfactual.shown)
    assert raw(sample, "effect", label).sum() == pytest.approx(sample.analysis.total_effect[4], rel=1e-4)
    with torch.no_grad():
        sentiment = networks.classifiers["wscnet"](networks.normalised("wscnet", sample.pixels("wscnet")[None])).s[0, 0]
        salient = networks.all["ras"].saliency(networks.normalised("ras", sample.pixels("ras")[None]))[0]
    np.testing.assert_allclose(make_map(sample, "wscnet", label), sentiment.numpy(), atol=1e-4)
    np.testing.assert_allclose(make_map(sample, "ras", label), salient.numpy(), atol=1e-5)


def test_the_spectral_residual(sample: Sample):
    """Step by step as the paper has it, with scipy's filters."""
    grey = np.asarray(Image.fromarray(sample.analysis.seen).convert("L"), float)
    assert grey.shape == (64, 64)  # so that nothing is resized
    spectrum = np.fft.fft2(grey)
    amplitude = np.log(np.abs(spectrum))
    residual = amplitude - ndimage.uniform_filter(amplitude, 3, mode="wrap")
    back = np.fft.ifft2(np.exp(residual) * spectrum / np.abs(spectrum))
    expected = ndimage.gaussian_filter(np.abs(back) ** 2, 2.5, mode="mirror", truncate=4)
    found = make_map(sample, "spectral-residual", sample.networks.classes[0])
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.999


def test_only_maps_of_a_class_change_with_the_class(sample: Sample):
    one, other = sample.networks.classes[0], sample.networks.classes[5]
    for name, method in METHODS.items():
        assert np.array_equal(raw(sample, name, one), raw(sample, name, other)) != method.per_class, name


def test_a_map_is_made_once_for_each_class_it_depends_on(sample: Sample):
    one, other = sample.networks.classes[:2]
    assert make_map(sample, "s", one) is make_map(sample, "s", other)
    assert make_map(sample, "cam", one) is make_map(sample, "cam", one)
    assert make_map(sample, "cam", one) is not make_map(sample, "cam", other)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.full((4, 4), 0.25, np.float32), r"the same everywhere \(0.25\)"),
        (np.array([[1, np.nan], [0, 2]], np.float32), "non-finite values"),
        (np.array([[1, np.inf], [0, 2]], np.float32), "non-finite values"),
    ],
)
def test_a_map_that_tells_nothing_says_so(sample: Sample, values: np.ndarray, said: str):
    sample.maps["cam", sample.networks.classes[0]] = values
    with pytest.raises(MapError, match=said):
        make_map(sample, "cam", sample.networks.classes[0])


@pytest.mark.parametrize("grey", [0, 200, 255])
def test_the_spectral_residual_of_one_colour_is_the_same_everywhere(networks: Networks, grey: int):
    sample = load_samples(networks, [Image.new("RGB", (90, 70), (grey, grey, grey))])[0]
    with pytest.raises(MapError, match=r"the same everywhere \(0\)"):
        make_map(sample, "spectral-residual", networks.classes[0])


def test_names_and_groups():
    assert named(["cam", "cternet", "s"]) == ("cam", "s", "s-star", "effect")
    assert named(["default"]) == DEFAULT
    assert set(named(["all"])) == set(METHODS)
    assert not any(METHODS[name].slow for name in GROUPS["fast"])
    with pytest.raises(ValueError, match="unknown method: nonsense; choose from cam"):
        named(["cam", "nonsense"])


def test_each_network_runs_once_for_all_its_maps(networks: Networks):
    runs: list[str] = []
    models = networks.all
    hooks = [
        model.backbone.net.conv_stem.register_forward_hook(lambda *_, name=name: runs.append(name))
        for name, model in models.items()
    ]
    try:
        (sample,) = load_samples(networks, [tiny_photo(3)], set(networks.all))
        for method in named(["fast"]):
            raw(sample, method, networks.classes[0])
    finally:
        for hook in hooks:
            hook.remove()
    assert sorted(runs) == ["cternet", "ras", "valence-arousal", "vanilla", "wscnet"]


def test_a_method_on_an_unknown_network_is_refused_at_once():
    with pytest.raises(ValueError, match="unknown network 'clef'"):
        replace(METHODS["cam"], network="clef")


def test_every_method_explains_a_classifier_and_is_offered_in_a_group_of_the_registry():
    groups = {kind.group for kind in KINDS.values()}
    for method in METHODS.values():
        assert KINDS[method.explains].classifies
        assert method.group in groups
    assert METHODS["ras"].explains == METHODS["spectral-residual"].explains == "cternet"
