"""Reports at addresses of their own: who gets them, and what nobody gets."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.reports import GONE, Reports


@pytest.fixture
def report(tmp_path: Path) -> Path:
    folder = tmp_path / "a" / "report"
    (folder / "parts").mkdir(parents=True)
    for name in ("index.html", "data.js", "parts/one.parquet", ".settings", "../secret.txt"):
        (folder / name).write_text(name)
    (folder / "link.txt").symlink_to(tmp_path / "a" / "secret.txt")
    return folder


def test_a_report_is_where_its_visitor_was_told(report: Path):
    reports = Reports()
    client = TestClient(Starlette(routes=[reports.route]))
    address = reports.open("one", report).removeprefix(".")
    found = client.get(address)
    assert found.text == "index.html" and found.headers["content-type"].startswith("text/html")
    assert found.headers["content-security-policy"].startswith("sandbox") and found.headers["cache-control"] == "no-store"
    folder = address.rsplit("/", 1)[0]
    assert client.get(f"{folder}/data.js").status_code == 200
    for nothing in (
        f"{folder}/parts/one.parquet",
        f"{folder}/.settings",
        f"{folder}/link.txt",
        f"{folder}/%2e%2e/secret.txt",
        f"{folder}/",
        f"{folder}/a%00b",
        f"{folder}/{'x' * 5000}",
        "/reports/another/index.html",
    ):
        answer = client.get(nothing)
        assert (answer.status_code, answer.text) == (404, GONE), nothing


def test_it_goes_with_its_visitor_and_with_the_next_one(report: Path):
    reports = Reports()
    client = TestClient(Starlette(routes=[reports.route]))
    first = reports.open("one", report)[1:]
    other = reports.open("other", report)[1:]
    second = reports.open("one", report)[1:]
    assert [client.get(address).status_code for address in (first, other, second)] == [404, 200, 200]
    reports.forget("one")
    reports.forget("nobody")
    assert [client.get(address).status_code for address in (other, second)] == [200, 404]
    reports.sessions.limit = 1
    reports.open("third", report)
    assert client.get(other).status_code == 404 and len(reports.folders) == 1
