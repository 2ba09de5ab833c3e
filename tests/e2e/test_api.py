"""The endpoints of the real app: its own weights behind them, and nothing else in the open."""

import asyncio
import base64
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from gradio_client import Client, handle_file
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from cternet import Predictor
from cternet.results.painting import paint

from .conftest import ROOT

pytestmark = pytest.mark.e2e
PHOTO = ROOT / "assets" / "examples" / "dahlia.jpg"


@pytest.fixture(scope="module")
def client(app_url):
    return Client(app_url, verbose=False)


@pytest.fixture(scope="module")
def analysis():
    return Predictor.from_pretrained(ROOT / "assets" / "weights" / "cternet-fi").analyze(PHOTO)


def test_four_endpoints_are_public(client):
    described = client.view_api(return_format="dict", print_info=False)
    assert list(described["named_endpoints"]) == ["/analyze", "/intervene", "/what_would_it_take", "/compare"]
    assert not described["unnamed_endpoints"]


def test_analyze_is_the_page_s_analysis(client, analysis):
    answer = client.predict(image=handle_file(PHOTO), api_name="/analyze")
    assert answer["prediction"] == analysis.prediction
    np.testing.assert_allclose(list(answer["Y_TE"].values()), analysis.total_effect, atol=1e-4)
    np.testing.assert_allclose(answer["maps"]["S"], analysis.s, atol=1e-4)


def test_intervene_keeps_nothing_between_calls(client, analysis):
    mask = np.zeros(analysis.s.shape, np.uint8)
    mask[:, :7] = 255
    answers = [
        client.predict(image=handle_file(PHOTO), cells=(cells / 255).tolist(), api_name="/intervene")
        for cells in (mask, mask.T, mask)
    ]
    assert answers[0] == answers[2] != answers[1]
    change = paint(analysis, mask).change_by_painting
    np.testing.assert_allclose(list(answers[0]["change"].values()), change, atol=1e-4)


def test_compare_gives_the_default_maps(client):
    answer = client.predict(image=handle_file(PHOTO), api_name="/compare")
    assert {name: panel["problem"] for name, panel in answer["methods"].items()} == dict.fromkeys(
        ("cam", "ras", "wscnet", "s", "s-star", "effect")
    )


def test_an_mcp_client_finds_and_calls_the_tools(app_url, client):
    image = f"data:image/jpeg;base64,{base64.b64encode(PHOTO.read_bytes()).decode()}"

    async def work():
        async with streamable_http_client(f"{app_url}/gradio_api/mcp/") as (read, write, *_), ClientSession(read, write) as mcp:
            await mcp.initialize()
            tools = [tool.name for tool in (await mcp.list_tools()).tools]
            return tools, await mcp.call_tool("compare", {"image": image, "methods": ["cam", "s"], "maps": False})

    with ThreadPoolExecutor() as pool:  # a thread of its own: Playwright's loop runs in this one
        tools, answer = pool.submit(asyncio.run, work()).result()
    assert tools == ["analyze", "intervene", "what_would_it_take", "compare"]
    found = json.loads(answer.content[0].text)
    assert found == client.predict(image=handle_file(PHOTO), methods=["cam", "s"], maps=False, api_name="/compare")
