"""Several models on one server: where they come from, at which address each is, and that nothing of one is shown in another."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
import torch
from gradio.routes import App

from app.analyze.branches import branches_view
from app.analyze.classified import ClassifiedPage
from app.analyze.rated import RatedPage, called, facts
from app.api.endpoints import Endpoints
from app.compare.page import ComparePage
from app.main import PAGES, build
from app.models import load_models, paths
from app.models import sources as sources_of
from app.page import Page, Studio, UnavailablePage, fitting
from app.workspace.picker import PhotoPicker
from cternet import CheckpointError, Predictor
from cternet.compare import Networks
from cternet.networks.confounders import Dictionary, Provenance
from cternet.networks.reliability import Reliability
from tests.app.calls import uploaded
from tests.hub_cache import cached
from tests.tiny import tiny_clef, tiny_network, tiny_photo, tiny_rater
from tests.toy import Toy, ToyConfig, toy_family

VISITOR = SimpleNamespace(session_hash="a", headers={})
LOOK = {"cmap": "magma", "opacity": 0.6, "smooth": True}
Save = Callable[..., Path]


@pytest.fixture
def folder(checkpoint: Save, tmp_path: Path) -> Path:
    """A folder of checkpoint folders."""
    checkpoint(tiny_network(), "weights/one")
    checkpoint(tiny_network(1, family="vanilla"), "weights/two")
    return tmp_path / "weights"


@pytest.fixture
def photo(tmp_path: Path) -> dict:
    tiny_photo(5).save(tmp_path / "photo.png")
    return uploaded(tmp_path / "photo.png", "photo.png")


@pytest.fixture
def plain() -> Networks:
    """A classifier without counterfactual attention."""
    return Networks(Predictor(tiny_network(1, family="vanilla"), name="plain", device="cpu"), {})


def choose(pages: dict[str, Page], photo: dict) -> None:
    """A photo for the pages of a model."""
    PhotoPicker(pages["Analyze"].studio, ("analyze",)).choose(VISITOR, photo)


def pages_of(networks: Networks, **more: object) -> dict[str, Page]:
    return {page.title: page for page in fitting(PAGES, Studio(networks, **more))}


def test_sources_are_folders_ids_and_folders_of_folders(folder: Path):
    ids = ["hf-hub:someone/model", "someone/model", "hf-hub:someone/model@v1", "someone/model@refs/pr/1"]
    assert sources_of(os.pathsep.join([str(folder / "two"), *ids, str(folder)])) == [
        str(folder / "two"),
        *ids,
        str(folder / "one"),
    ]
    with pytest.raises(CheckpointError, match="names no model"):
        sources_of("")


def test_models_have_the_names_of_their_folders_and_twins_a_number(folder: Path, checkpoint: Save):
    again = checkpoint(tiny_network(), "elsewhere/one")
    found = load_models(os.pathsep.join([str(folder), str(again)]))
    assert [networks.predictor.name for networks in found] == ["one", "two", "one-2"]
    assert paths(found) == {"one": "", "two": "two", "one-2": "one-2"}
    found[1].predictor.name = "a b/../c"
    assert paths(found)["a b/../c"] == "a-b-..-c"


def test_revisions_of_a_model_on_the_hub_are_told_apart(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    cached(tmp_path / "cache", monkeypatch, "someone/some", {"v1": folder / "one", "main": folder / "two"})
    found = load_models(os.pathsep.join(["hf-hub:someone/some@v1", "someone/some"]))
    assert paths(found) == {"some": "", "some-2": "some-2"}
    assert [networks.predictor.model.family for networks in found] == ["cternet", "vanilla"]
    with pytest.raises(CheckpointError, match=r"^someone/some@v2 could not be fetched from the hub"):
        load_models(os.pathsep.join(["someone/some", "someone/some@v2"]))


def test_loading_leaves_torch_its_threads(folder: Path):
    torch.set_num_threads(2)
    load_models(str(folder), device="cpu")
    assert torch.get_num_threads() == 2
    with pytest.raises(CheckpointError):
        load_models(str(folder / "none"), device="cpu")
    assert torch.get_num_threads() == 2
    load_models(str(folder), device="cpu", threads=3)
    assert torch.get_num_threads() == 3


def test_gradio_makes_no_more_servers_for_more_models(networks: Networks, plain: Networks, monkeypatch):
    made, make = [], App.create_app
    monkeypatch.setattr(App, "create_app", lambda *values, **options: made.append(1) or make(*values, **options))
    build(networks)
    alone = len(made)
    build(networks, plain)
    assert len(made) == 2 * alone


def test_networks_beside_the_models_load_once(networks: Networks, sources: dict, plain: Networks):
    loaded: dict = {}
    one = Networks(networks.predictor, sources, loaded=loaded)
    two = Networks(plain.predictor, sources, loaded=loaded)
    assert one.all["ras"] is two.all["ras"]
    assert one.classifiers["wscnet"] is two.classifiers["wscnet"]
    assert two.classifiers["vanilla"] is plain.predictor.model, "the model itself, not the one beside it"


def test_what_is_no_classifier_is_left_out_of_a_folder_and_an_error_by_name(folder: Path, sources: dict, caplog):
    (folder / "ras").symlink_to(sources["ras"])
    assert [networks.predictor.name for networks in load_models(str(folder))] == ["one", "two"]
    assert "holds RAS" in caplog.text
    with pytest.raises(CheckpointError, match="holds RAS"):
        load_models(str(folder / "ras"))


def test_a_page_whose_needs_a_model_does_not_meet_says_why(networks: Networks, plain: Networks):
    assert {title: type(page).__name__ for title, page in pages_of(networks).items()} == {
        "Analyze": "AnalyzePage",
        "Intervene": "IntervenePage",
        "Compare": "ComparePage",
    }
    found = pages_of(plain)
    assert type(found["Analyze"]) is ClassifiedPage and type(found["Compare"]) is ComparePage
    assert isinstance(found["Intervene"], UnavailablePage)
    assert found["Intervene"].reason.startswith("plain does not support painting")


def test_every_page_but_the_fallback_says_what_it_needs(plain: Networks):
    reasons = {page.__name__: page.needs(plain.predictor) for page in PAGES}
    assert reasons["AnalyzePage"].endswith(".") and "plain" in reasons["AnalyzePage"]
    assert reasons["ClassifiedPage"] == reasons["ComparePage"] == ""


def test_a_model_that_rates_has_its_page_and_the_others_say_why_not(photo: dict, tmp_path: Path):
    networks = Networks(Predictor(tiny_rater(), name="rater", device="cpu"))
    found = pages_of(networks)
    assert type(found["Analyze"]) is RatedPage
    assert isinstance(found["Compare"], UnavailablePage) and "does not name emotions" in found["Compare"].reason
    assert isinstance(found["Intervene"], UnavailablePage)
    page = found["Analyze"]
    look = {"opacity": 0.6, "smooth": True}
    assert "Choose a photo" in page.show(VISITOR, **look)["answer"]
    choose(found, photo)
    rated, shown = page.studio.photos.get("a").result, page.show(VISITOR, **look)
    assert f"Valence {rated.valence:.1f}, arousal {rated.arousal:.1f}" in shown["answer"]
    assert f"<b>{rated.nearest}</b> is nearest" in shown["answer"] and shown["answer"].count("<svg") == 1
    assert shown["maps"].count("<img") == 2 and "red: more pleasant" in shown["maps"]
    assert page.redraw(VISITOR, opacity=0.2, smooth=False)["maps"] != shown["maps"]
    for ending in (".png", ".json", ".npz"):
        assert Path(page.download(ending)(VISITOR, **look)["file"]).name == f"photo-rater-ratings{ending}"
    build(networks)


def test_a_classifier_has_its_downloads(plain: Networks, photo: dict):
    found = pages_of(plain)
    choose(found, photo)
    page = found["Analyze"]
    files = {ending: Path(page.download(ending)(VISITOR, **LOOK)["file"]) for ending in (".png", ".json", ".npz")}
    assert [path.name for path in files.values()] == [f"photo-plain-answer{ending}" for ending in files]
    assert f'"{page.studio.photos.get("a").result.prediction}"' in files[".json"].read_text()
    with pytest.raises(gr.Error, match="choose the photo again"):
        page.download(".json")(SimpleNamespace(session_hash="nobody"), **LOOK)


def test_what_ccim_set_aside_is_shown(photo: dict):
    torch.manual_seed(0)
    network = tiny_network(1, family="vanilla", deconfound="dot-product", confounders=(5, 6))
    torch.nn.init.normal_(network.ccim.dictionary)
    about = Provenance("test_efficientnet", "w", "fi", 24, 0, "ras", 0)
    thumbnails = torch.randint(0, 255, (5, 8, 8, 3), dtype=torch.uint8)
    examples = [[f"awe/<{index}>.jpg"] for index in range(5)]
    for known in (None, Dictionary(network.ccim.dictionary, network.ccim.prior, examples, about, thumbnails)):
        found = pages_of(Networks(Predictor(network, name="ccim", device="cpu", confounders=known), {}))
        choose(found, photo)
        result, shown = found["Analyze"].studio.photos.get("a").result, found["Analyze"].show(VISITOR, **LOOK)["answer"]
        assert sum(context.share for context in result.contexts) == pytest.approx(1)
        most = max(result.contexts, key=lambda context: context.share)
        assert shown.count("<li>") >= 3 and f"<b>{100 * most.share:.0f} %</b> of what it weighed" in shown
        assert (shown.count("a typical context") == 3) == (known is not None)
        assert known is None or f"awe/&lt;{result.contexts.index(most)}&gt;.jpg" in shown
        assert len(result.numbers()["contexts"]) == 5


def test_what_the_surroundings_say_is_shown(photo: dict):
    network = tiny_clef()
    found = pages_of(Networks(Predictor(network, name="clef", device="cpu"), {}))
    choose(found, photo)
    analyze = found["Analyze"]
    result, shown = analyze.studio.photos.get("a").result, analyze.show(VISITOR, **LOOK)["answer"]
    assert isinstance(analyze, ClassifiedPage) and isinstance(found["Compare"], ComparePage)
    only, all_of_it = result.said_by(result.context_only), result.said_by(result.factual)
    assert f"From these surroundings alone, it would say <b>{only}</b>" in shown
    if all_of_it != result.prediction:
        assert f"Counting that, it would answer <b>{all_of_it}</b>" in shown
    assert shown.count('class="first"') <= 3 and shown.count('<th scope="row">') == 4
    calibrated = replace(result, reliability=Reliability(0.3, 0.7, 0.5, 0.8, {}, 10))
    assert f"{100 * calibrated.probabilities.max():.0f} %</td>" in branches_view(calibrated), "as the headline has it"
    assert "Class activation map of the predicted emotion" in analyze.show(VISITOR, **LOOK)["maps"]
    with torch.no_grad():
        network.backbone.finder.context.score.bias.sub_(100)  # nothing stands out any more
        for refinement in network.backbone.finder.refinements:
            refinement.residual[-1].weight.zero_()
            refinement.residual[-1].bias.fill_(-100)
    choose(found, photo)
    again = analyze.studio.photos.get("a").result
    assert not again.has_subject and not np.allclose(again.scores, result.scores)
    assert "No subject was found, so the whole photo counts as surroundings" in analyze.show(VISITOR, **LOOK)["answer"]


def test_a_model_of_several_emotions_answers_and_is_not_compared(photo: dict):
    found = pages_of(Networks(Predictor(tiny_network(1, family="vanilla", several=True), name="many", device="cpu"), {}))
    choose(found, photo)
    assert "Mostly" in found["Analyze"].show(VISITOR, **LOOK)["answer"]
    assert isinstance(found["Compare"], UnavailablePage) and "several emotions at once" in found["Compare"].reason


def test_the_model_card_is_under_the_page(checkpoint: Save):
    folder = checkpoint(tiny_network(), "named")
    (folder / "README.md").write_text("---\nlicense: other\n---\n\n# named\n\nIts **limits**.\n\n![curves](curves.png)\n")
    demo = build(Networks(Predictor.from_pretrained(folder, device="cpu"), {}))
    texts = [block.value for block in demo.blocks.values() if isinstance(block, gr.Markdown)]
    assert [text.strip() for text in texts if "named" in text] == ["# named\n\nIts **limits**."]
    (folder / "README.md").unlink()
    assert Predictor.from_pretrained(folder, device="cpu").card == ""


def test_a_rating_in_words():
    assert [called(value, "calm", "exciting") for value in (1, 3.6, 5, 5.5, 8)] == [
        "calm",
        "rather calm",
        "neither calm nor exciting",
        "rather exciting",
        "exciting",
    ]
    figures = {"valence": {"r": 0.7123, "rmse": 1.2}, "arousal": {"r": 0.6, "rmse": 0.9}, "images": 166}
    assert "r = 0.71 (valence) and 0.60 (arousal)" in facts({"test": figures})[0]
    assert facts({}) == facts({"test": {"accuracy": 0.7}}) == []


def test_programs_get_ratings_and_are_told_what_a_rater_cannot(networks: Networks, photo: dict):
    endpoints = Endpoints(networks, Networks(Predictor(tiny_rater(), name="rater", device="cpu")))
    found = endpoints.analyze(VISITOR, photo, model="rater", figure=True)
    assert 1 < found["valence"] < 9 and set(found["maps"]) == {"valence", "arousal"} and "emotion" not in found
    assert found["figure"].startswith("data:image/png")
    for refused, words in (
        (lambda: endpoints.analyze(VISITOR, photo, model="rater", emotion="anger"), "omit emotion"),
        (lambda: endpoints.compare(VISITOR, photo, model="rater"), "does not name emotions"),
        (lambda: endpoints.intervene(VISITOR, photo, cells=[[0.0]], model="rater"), "no evidence"),
    ):
        with pytest.raises(gr.Error, match=words):
            refused()


def test_nothing_of_a_visitor_of_one_model_is_there_on_another(networks: Networks, photo: dict):
    """Not even where the session is the same."""
    again = Networks(Predictor(tiny_network(3), name="another", device="cpu"), {})
    one, other = (pages_of(found) for found in (networks, again))
    choose(one, photo)
    assert one["Intervene"].show(VISITOR)["canvas"]["photo"]
    assert other["Analyze"].studio.photos.get("a") is None
    assert other["Intervene"].show(VISITOR)["canvas"] is None


def test_each_model_has_an_address_of_its_own(networks: Networks, plain: Networks):
    demo = build(networks, plain)
    config = demo.get_config_file()
    assert set(config["page"]) == {"", "plain"}
    shown = {}
    for path, page in config["page"].items():
        there = [component["props"] for component in config["components"] if component["id"] in page["components"]]
        shown[path] = {props.get("elem_id") for props in there}
    assert {"share", "whatif-canvas", "compare-rows"} <= shown[""]
    assert "compare-rows" in shown["plain"] and not {"share", "whatif-canvas"} & shown["plain"]
    assert [f.api_name for f in demo.fns.values() if f.api_visibility == "public"] == [
        "analyze",
        "intervene",
        "what_would_it_take",
        "compare",
    ]


def test_no_event_has_two_handlers_that_want_its_last_occurrence_alone(networks: Networks, plain: Networks):
    """Gradio calls every handler of an event again when it makes up for one: two would call each other for ever."""
    handlers = [fn for fn in build(networks, plain).fns.values() if fn.trigger_mode == "always_last"]
    events = Counter(target for fn in handlers for target in fn.targets)
    assert len(events) > 20 and max(events.values()) == 1


def test_programs_name_the_model_they_ask(networks: Networks, plain: Networks, photo: dict):
    endpoints = Endpoints(networks, plain)
    first, named, other = (endpoints.analyze(VISITOR, photo, model=name) for name in ("", networks.predictor.name, "plain"))
    assert first == named and first["model"] == networks.predictor.name
    assert other["model"] == "plain" and "Y_TE" not in other and "Y_TE" in first
    for refused in (
        lambda: endpoints.analyze(VISITOR, photo, model="nobody"),
        lambda: endpoints.compare(VISITOR, photo, model=["plain"]),
        lambda: endpoints.intervene(VISITOR, photo, cells=[[0.0] * 4] * 4, model={}),
    ):
        with pytest.raises(gr.Error, match=f"must be one of {networks.predictor.name}, plain"):
            refused()
    with pytest.raises(gr.Error, match="plain has no evidence"):
        endpoints.intervene(VISITOR, photo, cells=[[1.0, 0, 0, 0]] * 4, model="plain")
    with pytest.raises(gr.Error, match="no attention to replace"):
        endpoints.analyze(VISITOR, photo, allocation="uniform", model="plain")
    found = endpoints.compare(VISITOR, photo, methods=["grad-cam", "s"], model="plain")["methods"]
    assert found["grad-cam"]["map"] and found["s"]["problem"] == "plain is a plain classifier, not CTERNet"


def test_a_family_that_nobody_here_knows_shows_on_analyze_and_compare(photo: dict):
    with toy_family():
        torch.manual_seed(0)
        network = Toy(ToyConfig(backbone="test_efficientnet", output_stride=16, image_size=64)).eval()
        found = pages_of(Networks(Predictor(network, name="toy", device="cpu"), {}))
        assert type(found["Analyze"]) is ClassifiedPage and isinstance(found["Intervene"], UnavailablePage)
        choose(found, photo)
        shown = found["Analyze"].show(VISITOR, **LOOK)
        result = found["Analyze"].studio.photos.get("a").result
        assert f'<span class="emotion first">{result.prediction}</span>' in shown["answer"]
        assert shown["maps"].count("<img") == 1 and "strength" in shown["maps"]
        assert found["Analyze"].redraw(VISITOR, **LOOK | {"cmap": "viridis"})["maps"] != shown["maps"]
        compare = found["Compare"]
        compare.ask(VISITOR, [], "", group=["grad-cam", "spectral-residual"], style="grey", scale="own", smooth=True)
        (row,) = {step["row0"] for step in compare.compare(VISITOR) if "row0" in step}
        assert row.count('class="open"') == 2 and f"toy says <b>{result.prediction}</b>" in row
        assert not {"s", "cam-cternet", "effect"} & set(compare.methods)
        build(compare.studio.networks)


def test_a_view_that_cannot_be_had_is_a_sentence_and_the_photo_stays(networks: Networks, photo: dict):
    found = pages_of(networks)
    choose(found, photo)
    before = found["Analyze"].studio.photos.get("a")
    view = {"label": None, "allocation": "random", "level": "attention", "seed": -1, "share": 0, "shared": True, **LOOK}
    with pytest.raises(gr.Error, match="seed"):
        found["Analyze"].show(VISITOR, **view)
    assert found["Analyze"].studio.photos.get("a") is before
