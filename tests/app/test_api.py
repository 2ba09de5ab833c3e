"""The endpoints for programs: a live server with tiny networks, called as programs call it."""

import base64
import io
import json
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from app.api.answers import MOST_CELLS, averaged
from app.api.endpoints import Endpoints
from app.api.inputs import MOST_MEASURED, QUICK
from app.blocks import StudioBlocks
from app.uploads import NOT_AN_UPLOAD
from cternet import Analysis, Predictor
from cternet.compare import DEFAULT, METHODS, Networks, compare, load_samples, measure
from cternet.minimal_sets import keeping_set, turning_set
from cternet.photos.load import MAX_BYTES
from cternet.results.painting import MODES
from cternet.show.export import figure_of
from cternet.show.notebook import drawn
from tests.app.calls import MARK, painted_by_hand, uploaded
from tests.app.mcp import data_url, in_mcp_session
from tests.tiny import tiny_network, tiny_photo

ROOT = Path(__file__).resolve().parents[2]
BROWSER = SimpleNamespace(headers={})
CELLS = [[0.0, 0.25, 1.0, 0.5], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0], [0.75, 0.0, 0.0, 0.125]]
LEFT = [[1.0, 1.0, 0.0, 0.0]] * 4
KINDS = ["analyze", "intervene", "what_would_it_take", "compare"]


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "beach.png"
    tiny_photo(5).save(path)
    return path


@pytest.fixture
def endpoints(networks) -> Endpoints:
    return Endpoints(networks)


@pytest.fixture
def analysis(networks, photo: Path) -> Analysis:
    return networks.predictor.analyze(photo)


@pytest.fixture(scope="module")
def server(networks) -> Iterator[str]:
    with StudioBlocks(analytics_enabled=False) as demo:
        Endpoints(networks).build()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    demo.queue().launch(prevent_thread_lock=True, mcp_server=True, ssr_mode=False, quiet=True, server_port=port)
    yield f"http://127.0.0.1:{port}"
    demo.close()


@pytest.fixture(scope="module")
def client(server: str) -> Client:
    return Client(server, verbose=False)


def refused(call: Callable[..., Any], *arguments: Any, **named: Any) -> str:
    with pytest.raises(gr.Error) as caught:
        call(BROWSER, *arguments, **named)
    return caught.value.message


def values(by_label: dict[str, float]) -> np.ndarray:
    return np.array(list(by_label.values()))


# --- analyze


def test_analyze_gives_the_library_s_numbers_and_maps(client, analysis, photo):
    answer = client.predict(image=handle_file(photo), api_name="/analyze")
    maps = answer.pop("maps")
    assert answer.pop("emotion") == analysis.prediction
    assert answer == json.loads(json.dumps(analysis.numbers()))
    assert maps["shape"] == [4, 4]
    np.testing.assert_array_equal(np.float32(maps["S"]), analysis.s)
    np.testing.assert_array_equal(np.float32(maps["S* shown"]), analysis.counterfactual.shown)
    np.testing.assert_array_equal(np.float32(maps["E[S*]"]), analysis.counterfactual.mean)
    assert np.sum(maps["T"]) == pytest.approx(answer["Y_TE"][analysis.prediction], abs=1e-5)
    assert max(answer["Y_TE"], key=answer["Y_TE"].get) == answer["prediction"]


@pytest.mark.parametrize(
    ("allocation", "level"), [("shuffle", "own"), ("reverse", "map"), ("uniform", "scaled-map"), ("own", "map")]
)
def test_analyze_looks_at_another_allocation_level_and_emotion(endpoints, analysis, photo, allocation, level):
    label = analysis.labels[-1]
    answer = endpoints.analyze(BROWSER, uploaded(photo), allocation=allocation, level=level, seed=3, emotion=label)
    own = {"allocation": "random", "level": "attention"}
    looked = analysis.intervene(
        own["allocation"] if allocation == "own" else allocation, level=own["level"] if level == "own" else level, seed=3
    )
    assert answer["predicted_with"] == own | {"answer": "Y_TE", "budget": "free"}
    assert answer["counterfactual"] == looked.numbers()["counterfactual"]
    assert answer["prediction"] == analysis.prediction
    np.testing.assert_allclose(values(answer["Y_TE"]), looked.total_effect)
    np.testing.assert_allclose(answer["maps"]["T"], looked.effect_map[-1], rtol=1e-5)


def test_a_seed_draws_another_map_of_the_model_s_own_allocation(endpoints, analysis, photo):
    first, other = (endpoints.analyze(BROWSER, uploaded(photo), seed=seed) for seed in (0, 4))
    assert first["Y_TE"] == other["Y_TE"]
    assert first["maps"]["S* shown"] != other["maps"]["S* shown"]
    shown = analysis.intervene("random", seed=4).counterfactual.shown
    np.testing.assert_array_equal(np.float32(other["maps"]["S* shown"]), shown)


@pytest.mark.parametrize("emotion", ["", "awe"])
def test_analyze_gives_the_figure_if_asked(endpoints, analysis, photo, emotion):
    answer = endpoints.analyze(BROWSER, uploaded(photo), emotion=emotion, maps=False, figure=True)
    head, data = answer.pop("figure").split(",")
    assert head == "data:image/png;base64"
    expected = drawn(figure_of, analysis, label=emotion or analysis.prediction)
    with Image.open(io.BytesIO(base64.b64decode(data))) as given, Image.open(io.BytesIO(expected)) as wanted:
        assert given.width > 800
        np.testing.assert_array_equal(np.asarray(given), np.asarray(wanted))
    assert answer == endpoints.analyze(BROWSER, uploaded(photo), emotion=emotion, maps=False)


def test_a_model_without_counterfactual_has_a_figure_too(photo):
    predictor = Predictor(tiny_network(family="vanilla"), name="plain", device="cpu")
    answer = Endpoints(Networks(predictor, {})).analyze(BROWSER, uploaded(photo), maps=False, figure=True)
    assert answer["figure"].startswith("data:image/png;base64,")


# --- intervene


@pytest.mark.parametrize("mode", MODES)
def test_intervene_takes_cells(client, analysis, photo, mode):
    answer = client.predict(image=handle_file(photo), cells=CELLS, mode=mode, api_name="/intervene")
    share = np.round(255 * np.array(CELLS)) / 255
    s = analysis.s.astype(np.float64)
    painted = painted_by_hand(s, share, mode)
    evidence = analysis.evidence.astype(np.float64)
    np.testing.assert_allclose(values(answer["change"]), (evidence * (painted - s)).mean(axis=(1, 2)), atol=1e-6)
    np.testing.assert_allclose(values(answer["after"]["Y"]) - values(answer["before"]["Y"]), values(answer["change"]))
    after = values(answer["after"]["Y_TE"])
    np.testing.assert_allclose(after, values(answer["before"]["Y_TE"]) + values(answer["change"]), atol=1e-6)
    np.testing.assert_allclose(values(answer["after"]["probabilities"]), np.exp(after) / np.exp(after).sum())
    assert answer["after"]["prediction"] == analysis.labels[int(after.argmax())]
    assert answer["painted_share"] == pytest.approx(share.mean())
    np.testing.assert_allclose(answer["maps"]["mask"], share, atol=1e-7)
    np.testing.assert_allclose(answer["maps"]["s'"], painted, rtol=1e-5)


def test_nothing_painted_changes_nothing(endpoints, photo):
    answer = endpoints.intervene(BROWSER, uploaded(photo), cells=[[0] * 4] * 4)
    assert set(answer["change"].values()) == {0.0}
    assert answer["before"] == answer["after"]


def half(size: tuple[int, int], mode: str, free: Any, painted: Any) -> Image.Image:
    """The left half painted."""
    picture = Image.new(mode, size, free)
    picture.paste(painted, (0, 0, size[0] // 2, size[1]))
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        half((90, 70), "L", 0, 255),
        half((180, 140), "RGB", "black", "white"),  # scaled evenly
        half((4, 4), "L", 0, 255),  # a pixel a cell
        half((90, 70), "RGBA", (255, 255, 255, 0), "white"),  # transparent is not painted, whatever its colour
        half((90, 70), "RGBA", (0, 0, 0, 0), "white"),
    ],
)
def test_a_mask_is_painted_where_it_is_white(client, photo, tmp_path, picture):
    picture.save(tmp_path / "mask.png")
    by_mask = client.predict(image=handle_file(photo), mask=handle_file(tmp_path / "mask.png"), api_name="/intervene")
    by_cells = client.predict(image=handle_file(photo), cells=LEFT, api_name="/intervene")
    assert by_mask == by_cells


def test_a_mask_of_one_pixel_a_cell_fits_every_photo(endpoints, tmp_path):
    tiny_photo(5, 200, 50).save(tmp_path / "wide.png")
    half((4, 4), "L", 0, 255).save(tmp_path / "mask.png")
    answer = endpoints.intervene(BROWSER, uploaded(tmp_path / "wide.png"), mask=uploaded(tmp_path / "mask.png"))
    assert answer["maps"]["mask"] == LEFT


def test_a_half_transparent_white_is_half_painted(endpoints, photo, tmp_path):
    Image.new("RGBA", (90, 70), (255, 255, 255, 102)).save(tmp_path / "mask.png")
    answer = endpoints.intervene(BROWSER, uploaded(photo), mask=uploaded(tmp_path / "mask.png"))
    assert answer["painted_share"] == pytest.approx(102 / 255)


def test_a_mask_is_turned_upright_as_the_photo_is(endpoints, photo, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    turned = half((90, 70), "RGBA", (255, 255, 255, 0), "white").transpose(Image.Transpose.ROTATE_90)
    turned.save(tmp_path / "mask.png", exif=exif)
    assert turned.size == (70, 90)
    answer = endpoints.intervene(BROWSER, uploaded(photo), mask=uploaded(tmp_path / "mask.png"))
    assert answer["maps"]["mask"] == LEFT


def test_a_mask_is_cropped_as_the_photo_is(tmp_path):
    predictor = Predictor(tiny_network(geometry="center"), name="center", device="cpu")
    tiny_photo(5, 120, 60).save(tmp_path / "photo.png")
    mask = Image.new("L", (120, 60))
    mask.paste(255, (0, 0, 45, 60))
    mask.save(tmp_path / "mask.png")
    arguments = {"image": uploaded(tmp_path / "photo.png"), "mask": uploaded(tmp_path / "mask.png")}
    answer = Endpoints(Networks(predictor, {})).intervene(BROWSER, **arguments)
    assert answer["maps"]["mask"] == [[1.0, 0.0, 0.0, 0.0]] * 4  # 15 of the middle square's 60 columns, from 30 to 90


# --- compare


def test_what_would_it_take_gives_both_sets(client, endpoints, analysis, photo):
    found = client.predict(image=handle_file(str(photo)), api_name="/what_would_it_take")
    turning, keeping = turning_set(analysis), keeping_set(analysis)
    assert found["before"]["prediction"] == analysis.prediction
    for name, expected in (("turning", turning), ("keeping", keeping)):
        if expected is None:
            assert found[name] is None
            continue
        assert (found[name]["cells"], found[name]["prediction"]) == (expected.size, expected.after)
        assert (np.array(found["maps"][name]) == expected.cells).all()
        assert found[name]["sentence"] == expected.sentence
    assert "hidden" not in found
    hidden = endpoints.what_would_it_take(BROWSER, uploaded(photo), hide=True, maps=False)
    assert ("hidden" in hidden) == (turning is not None and not turning.cells.all())
    assert "maps" not in hidden


def test_compare_gives_every_method_s_map(client, networks, photo):
    answer = client.predict(image=handle_file(photo), methods=list(QUICK), emotion="awe", api_name="/compare")
    (sample,) = load_samples(networks, [photo])
    expected = compare(sample, QUICK, "awe")
    assert (answer["prediction"], answer["emotion"]) == (expected.prediction, "awe")
    assert list(answer["methods"]) == answer["agreement"]["methods"] == list(QUICK)
    for panel in expected.panels:
        found = answer["methods"][panel.method]
        assert found["numbers"] is None and found["random"] is None
        if panel.values is None:
            assert found["map"] is None and found["range"] is None and found["problem"] == panel.problem
        else:
            assert found["shape"] == list(panel.values.shape) and found["problem"] is None
            np.testing.assert_allclose(found["map"], panel.values, rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(found["range"], [np.min(found["map"]), np.max(found["map"])], rtol=1e-6)
    agreement = np.array(answer["agreement"]["values"], float)  # None becomes NaN
    np.testing.assert_allclose(agreement, expected.agreement, atol=1e-6)


def test_compare_measures_beside_a_random_map(endpoints, networks, photo):
    answer = endpoints.compare(BROWSER, uploaded(photo), methods=["cam", "s"], measure=True, maps=False)
    (sample,) = load_samples(networks, [photo])
    *_, expected = measure(sample, compare(sample, ["cam", "s"]))
    for panel in expected.panels:
        found = answer["methods"][panel.method]
        assert found["numbers"] == pytest.approx(vars(panel.numbers), abs=1e-6)
        assert found["random"] == pytest.approx(vars(expected.control(panel.method)), abs=1e-6)
        assert "map" not in found


def test_a_map_that_cannot_be_had_says_why(networks, photo, monkeypatch):
    monkeypatch.setitem(networks.reasons, "ras", "no weights were given for ras")
    answer = Endpoints(networks).compare(BROWSER, uploaded(photo))
    assert list(answer["methods"]) == list(DEFAULT)
    assert answer["methods"]["ras"]["problem"] == "no weights were given for ras"
    assert answer["methods"]["ras"]["map"] is None
    row = DEFAULT.index("ras")
    assert answer["agreement"]["values"][row] == [None] * len(DEFAULT)
    json.dumps(answer, allow_nan=False)


def test_large_maps_are_averaged():
    values = np.random.default_rng(0).random((2 * MOST_CELLS, 3 * MOST_CELLS), np.float32)
    blocks = values.reshape(MOST_CELLS, 2, MOST_CELLS, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(averaged(values), blocks, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_answers_without_maps_are_short_and_otherwise_the_same(endpoints, photo, kind):
    extra = {"cells": CELLS} if kind == "intervene" else {}
    long, short = (getattr(endpoints, kind)(BROWSER, uploaded(photo), maps=maps, **extra) for maps in (True, False))
    if kind == "compare":
        for panel in long["methods"].values():
            assert panel.pop("map") and panel.pop("shape")
    else:
        assert long.pop("maps")
    assert long == short


# --- bad input


@pytest.mark.parametrize(
    ("kind", "arguments", "words"),
    [
        ("analyze", {"allocation": "painted"}, "The argument allocation must be one of own, random"),
        ("analyze", {"allocation": None}, "The argument allocation must be one of"),
        ("analyze", {"allocation": ["random"]}, "The argument allocation must be one of"),
        ("analyze", {"level": "pixels"}, "The argument level must be one of own, attention, map, scaled-map."),
        ("analyze", {"seed": -1}, "whole number from 0 to 2147483647"),
        ("analyze", {"seed": 2**31}, "whole number from 0 to 2147483647"),
        ("analyze", {"seed": 0.5}, "whole number from 0 to 2147483647"),
        ("analyze", {"seed": float("nan")}, "whole number from 0 to 2147483647"),
        ("analyze", {"seed": {}}, "whole number from 0 to 2147483647"),
        ("analyze", {"emotion": "joy"}, "The argument emotion must be one of amusement, anger"),
        ("analyze", {"emotion": 3}, "The argument emotion must be one of"),
        ("analyze", {"maps": 1}, "The argument maps must be true or false."),
        ("analyze", {"figure": "yes"}, "The argument figure must be true or false."),
        ("intervene", {}, "either as mask, a picture, or as cells"),
        (
            "intervene",
            {"cells": CELLS, "mode": "forget"},
            "must be one of ignore, look-elsewhere, look-only.",
        ),
        ("intervene", {"cells": CELLS[:3]}, "4 rows of 4 numbers from 0 to 1"),
        ("intervene", {"cells": [row[:3] for row in CELLS]}, "4 rows of 4 numbers from 0 to 1"),
        ("intervene", {"cells": [[2.0] * 4] * 4}, "4 rows of 4 numbers from 0 to 1"),
        ("intervene", {"cells": [[float("nan")] * 4] * 4}, "4 rows of 4 numbers from 0 to 1"),
        ("intervene", {"cells": [[True] * 4] * 4}, "4 rows of 4 numbers from 0 to 1"),
        ("intervene", {"cells": [["1"] * 4] * 4}, "4 rows of 4 numbers from 0 to 1"),
        ("intervene", {"cells": "1111"}, "4 rows of 4 numbers from 0 to 1"),
        ("intervene", {"cells": [[1] * 4] * 4}, "The painting covers the whole photo"),
        ("intervene", {"cells": [[0] * 4] * 4, "mode": "look-only"}, "The painting is empty"),
        ("intervene", {"mask": "mask.png"}, "The argument mask must be a file"),
        ("compare", {"methods": []}, "The argument methods must be a list of names from cam, ras"),
        ("compare", {"methods": "cam"}, "The argument methods must be a list of names from"),
        ("compare", {"methods": ["cam", 3]}, "The argument methods must be one of"),
        ("compare", {"methods": ["cam"] * 1000}, "The argument methods must be a list of names from"),
        ("compare", {"methods": ["score-cam"]}, "score-cam takes too long to be offered here"),
        ("compare", {"methods": list(QUICK), "measure": True}, f"One call measures at most {MOST_MEASURED} methods"),
        ("compare", {"measure": "yes"}, "The argument measure must be true or false."),
        ("compare", {"emotion": "joy"}, "The argument emotion must be one of"),
    ],
)
def test_a_bad_argument_is_refused_with_one_sentence(endpoints, photo, kind, arguments, words):
    message = refused(getattr(endpoints, kind), uploaded(photo), **arguments)
    assert words in message
    assert message.endswith(".") and "\n" not in message and str(photo.parent) not in message


def test_a_mask_and_cells_together_are_refused(endpoints, photo):
    assert "either as mask" in refused(endpoints.intervene, uploaded(photo), mask=uploaded(photo), cells=CELLS)


def test_a_mask_of_other_proportions_is_refused(endpoints, photo, tmp_path):
    Image.new("L", (70, 90)).save(tmp_path / "mask.png")
    message = refused(endpoints.intervene, uploaded(photo), mask=uploaded(tmp_path / "mask.png"))
    assert "70 x 90" in message and "90 x 70" in message and "4 x 4" in message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n", bytes(MAX_BYTES + 1)])
def test_a_bad_photo_is_refused_by_the_sender_s_name(endpoints, tmp_path, kind, content):
    path = tmp_path / "d41d8cd98f00"
    path.write_bytes(content)
    message = refused(
        getattr(endpoints, kind), uploaded(path, "beach.png"), **({"cells": CELLS} if kind == "intervene" else {})
    )
    assert message.startswith("beach.png ") and message.endswith(".")
    assert path.name not in message


def test_a_message_repeats_the_start_of_a_long_name(endpoints, tmp_path):
    (tmp_path / "upload").write_text("no image")
    assert len(refused(endpoints.analyze, uploaded(tmp_path / "upload", name="x" * 10_000))) < 300


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("payload", [None, 5, "beach.png", [], {}, {"path": 5, "meta": MARK}, {"path": "beach.png"}])
def test_what_is_no_file_is_refused(endpoints, kind, payload):
    message = refused(getattr(endpoints, kind), payload, **({"cells": CELLS} if kind == "intervene" else {}))
    assert message.startswith("The argument image must be a file")


def test_a_server_s_own_file_is_not_opened(client, photo):
    """Gradio checks the path of what is marked as an upload; what is not marked would be anybody's file."""
    with pytest.raises(AppError, match="The argument image must be a file"):
        client.predict(image={"path": str(photo)}, api_name="/analyze")


def test_a_path_that_is_no_upload_s_is_not_opened(server):
    body = json.dumps({"image": {"path": str(Path(__file__).resolve()), "meta": MARK}}).encode()
    address = f"{server}/gradio_api/call"
    post = urllib.request.Request(f"{address}/v2/analyze", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(post) as response:
        event = json.load(response)["event_id"]
    with urllib.request.urlopen(f"{address}/analyze/{event}") as response:
        answer = response.read().decode()
    assert answer.startswith("event: error") and NOT_AN_UPLOAD in answer and Path(__file__).name not in answer


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/cat.jpg", "https://nobody.invalid/cat.jpg?" + "x" * 1000])
def test_an_address_that_cannot_be_fetched_is_named(server, client, address):
    said = f"The address {address[:100]}"
    with pytest.raises(AppError) as caught:
        client.predict(image={"path": address, "url": address, "meta": MARK}, api_name="/analyze")
    answer = in_mcp_session(server, lambda session: session.call_tool("analyze", {"image": address}))
    assert answer.isError
    for words in (str(caught.value), answer.content[0].text):
        assert words.startswith(said) and len(words) < 300
        assert words.endswith("cannot be fetched: give one of at most 20 MB that anyone can open, or send the photo itself.")


def test_a_failure_of_the_program_tells_nothing_of_it(endpoints, networks, photo, monkeypatch, caplog):
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no memory at /srv/secret")

    monkeypatch.setattr(networks.predictor, "analyze", fail)
    message = refused(endpoints.analyze, uploaded(photo))
    assert "secret" not in message and message.endswith(".")
    assert "secret" in caplog.text


# --- how programs get there


def test_a_program_gets_the_sentence(client, photo):
    with pytest.raises(AppError, match=r"^The argument emotion must be one of .*\.$"):
        client.predict(image=handle_file(photo), emotion="joy", api_name="/analyze")


def test_arguments_have_plain_types(server, client):
    described = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert list(described) == [f"/{kind}" for kind in KINDS]
    types = {
        kind: {p["parameter_name"]: p["python_type"]["type"].split("[")[0] for p in described[f"/{kind}"]["parameters"]}
        for kind in KINDS
    }
    assert types["analyze"] == {
        "image": "filepath",
        "allocation": "Literal",
        "level": "Literal",
        "seed": "int",
        "emotion": "str",
        "maps": "bool",
        "figure": "bool",
        "model": "str",
    }
    rest = {"maps": "bool", "model": "str"}
    assert types["intervene"] == {"image": "filepath", "mask": "filepath", "cells": "list", "mode": "Literal", **rest}
    assert types["compare"] == {"image": "filepath", "methods": "list", "emotion": "str", "measure": "bool", **rest}


def test_programs_have_queues_of_their_own(networks):
    with gr.Blocks(analytics_enabled=False) as demo:
        Endpoints(networks).build()
    queues = {fn.api_name: (fn.concurrency_id, fn.concurrency_limit, fn.queue) for fn in demo.fns.values()}
    assert queues == dict.fromkeys(("analyze", "intervene", "what_would_it_take"), ("program", 4, True)) | {
        "compare": ("program long", 1, True)
    }


def test_mcp_tools_are_described(server):
    tools = in_mcp_session(server, lambda session: session.list_tools()).tools
    assert [tool.name for tool in tools] == KINDS
    for tool in tools:
        assert len(tool.description) > 200
        assert tool.inputSchema["required"] == ["image"]
        for parameter in tool.inputSchema["properties"].values():
            assert parameter["description"].endswith(".")
        assert tool.inputSchema["properties"]["image"]["type"] == "string"
    by_name = {tool.name: tool.inputSchema["properties"] for tool in tools}
    assert by_name["intervene"]["mask"]["type"] == "string"
    assert set(by_name["compare"]["methods"]["items"]["enum"]) == {name for name in METHODS if not METHODS[name].slow}


def test_an_mcp_tool_answers_in_json_as_the_endpoint_does(server, client, photo):
    with Image.open(photo) as picture:
        arguments = {"image": data_url(picture), "mask": data_url(half((90, 70), "L", 0, 255))}
    answer = in_mcp_session(server, lambda session: session.call_tool("intervene", arguments))
    assert not answer.isError
    (content,) = answer.content
    assert json.loads(content.text) == client.predict(image=handle_file(photo), cells=LEFT, api_name="/intervene")


def test_an_mcp_tool_refuses_with_a_sentence(server, photo):
    with Image.open(photo) as picture:
        arguments = {"image": data_url(picture), "emotion": "joy"}
    answer = in_mcp_session(server, lambda session: session.call_tool("analyze", arguments))
    assert answer.isError
    assert answer.content[0].text.startswith("The argument emotion must be one of amusement")


def test_the_mcp_example_of_the_documents_runs(server, client, photo, tmp_path):
    """In a program of its own, as readers run it."""
    text = (ROOT / "docs" / "api.md").read_text()
    (example,) = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "ClientSession" in block]
    (tmp_path / "photo.jpg").write_bytes(photo.read_bytes())
    (tmp_path / "example.py").write_text(example.replace("http://127.0.0.1:7860", server))
    ran = subprocess.run([sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    answer = client.predict(image=handle_file(photo), maps=False, api_name="/analyze")
    assert ran.stdout == f"{answer['prediction']}\n", ran.stderr
