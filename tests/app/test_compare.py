"""The Compare page's handlers, without a browser."""

import csv
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from scipy import stats

from app.checks import Refused
from app.compare import view as compare_view
from app.compare.names import file_name
from app.compare.numbers import Number, numbers_of
from app.compare.page import ROWS, ComparePage
from app.compare.session import MOST_PHOTOS, CompareSession
from app.page import Shown, Studio
from app.workspace.picker import PhotoPicker
from cternet import Predictor
from cternet.compare import METHODS, METRICS, Networks, Sample, load_samples
from tests.app.calls import uploaded
from tests.tiny import tiny_network, tiny_photo

LOOK = ("grey", "own", True)
METHOD = ("cam", "s", "s-star", "effect")


@pytest.fixture
def page(networks) -> ComparePage:
    return ComparePage(Studio(networks))


@pytest.fixture
def photos(tmp_path: Path) -> list[dict]:
    return [payload(tmp_path / f"{seed}.png", f"photo {seed}.png", tiny_photo(seed)) for seed in range(2)]


def payload(path: Path, name: str, content: Image.Image | str) -> dict:
    path.write_text(content) if isinstance(content, str) else content.save(path)
    return uploaded(path, name)


def visitor(name: str = "a") -> SimpleNamespace:
    return SimpleNamespace(session_hash=name)


def ask(page: ComparePage, photos: list[dict] | None, *, label: str = "", methods=METHOD, look=LOOK, who: str = "a") -> Shown:
    return page.ask(visitor(who), photos, label, group=methods, **look_of(look))


def look_of(look: tuple) -> dict:
    return dict(zip(("style", "scale", "smooth"), look, strict=True))


def compare(page: ComparePage, photos: list[dict] | None, **options) -> list[Shown]:
    """What the page shows, step by step."""
    return [ask(page, photos, **options), *page.compare(visitor(options.get("who", "a")))]


def another(sample: Sample) -> str:
    """A class that is not predicted."""
    return next(label for label in sample.analysis.labels if label != sample.analysis.prediction)


def rows(steps: list[Shown]) -> list[str]:
    """What stands in each row after all steps."""
    shown = {name: html for step in steps for name, html in step.items() if name in ROWS}
    return [shown.get(name, "") for name in ROWS]


def redrawn(page: ComparePage, look: tuple = LOOK, who: str = "a") -> list[str]:
    """Each row in another look."""
    return rows([page.redraw(visitor(who), **look_of(look))])


def forwards(networks: Networks, monkeypatch) -> list[str]:
    """The names of the networks that run from now on."""
    ran: list[str] = []
    others, forward = networks.forward, networks.predictor.forward
    monkeypatch.setattr(networks, "forward", lambda name, images: (ran.append(name), others(name, images))[1])
    monkeypatch.setattr(networks.predictor, "forward", lambda *given: (ran.append("cternet"), forward(*given))[1])
    return ran


def test_photos_appear_one_by_one(page, photos):
    steps = compare(page, photos)
    changed = [[i for i, html in enumerate(rows([step])) if "open" in html] for step in steps]
    assert changed == [[], [0], [1], []]
    first, second = rows(steps)[:2]
    assert "photo 0.png" in first and "photo 1.png" in second
    assert re.findall(r"<figcaption[^>]*>([^<]*)", first) == ["Photo", *(METHODS[name].title for name in METHOD)]
    assert "2 photos, 4 methods." in steps[-1]["status"]


def test_a_bad_photo_says_why_and_the_good_ones_still_work(page, photos, tmp_path):
    bad = payload(tmp_path / "x.jpg", "holi<b>day.jpg", "no image")
    shown = rows(compare(page, [photos[0], bad, photos[1]]))
    assert 'role="alert"' in shown[1] and "holi&lt;b&gt;day.jpg is not an image" in shown[1] and "x.jpg" not in shown[1]
    assert shown[0].count('class="open"') == shown[2].count('class="open"') == len(METHOD)


def test_photos_whose_files_were_deleted_meanwhile_stay_on_the_bench(page, photos):
    """Uploads are deleted after a while; what was made of them is still there, and can be looked at in another way."""
    compare(page, photos, methods=("s",))
    Path(photos[0]["path"]).unlink()
    shown = rows(compare(page, photos, methods=("s", "effect")))
    assert shown[0].count('class="open"') == shown[1].count('class="open"') == 2
    with pytest.raises(Refused, match="no longer kept"):
        compare(page, photos, who="another")


def test_only_what_is_missing_is_computed(page, photos, monkeypatch):
    ran = forwards(page.studio.networks, monkeypatch)
    compare(page, photos[:1], methods=("s", "effect"))
    assert ran == ["cternet"]
    compare(page, photos[:1], methods=("s", "effect", "cam"))
    assert ran == ["cternet", "vanilla"], "a new method runs its own network alone"
    sample = page.sessions.get("a").photos[0].sample
    before, label = dict(sample.maps), another(sample)
    compare(page, photos[:1], label=label, methods=("s", "effect", "cam"))
    after = sample.maps
    assert ran == ["cternet", "vanilla"]
    assert set(after) - set(before) == {("effect", label), ("cam", label)}, "S is of no class"
    assert all(after[key] is before[key] for key in before)
    compare(page, photos, methods=("s",))
    assert ran == ["cternet", "vanilla", "cternet"], "the photo that was there is not looked at again"


def test_style_scale_and_smooth_change_the_pictures_alone(page, photos, monkeypatch):
    compare(page, photos)
    ran = forwards(page.studio.networks, monkeypatch)
    pictures = set()
    for look in (LOOK, ("overlay", "own", True), ("grey", "shared", True), ("grey", "own", False)):
        shown = redrawn(page, look)
        pictures.add(tuple(re.findall(r'src="(data[^"]*)', shown[0])))
    assert len(pictures) == 4
    assert not ran


def test_a_shared_scale_is_one_for_a_method_over_all_photos_and_for_s_and_s_star(page, photos):
    compare(page, photos)
    shown = redrawn(page, ("grey", "shared", True))
    # every bar is there twice: under the panel and in its large view
    scales = [re.findall(r'aria-label="colour scale from ([^"]*)"', row)[::2] for row in shown[:2]]
    assert scales[0] == scales[1] and scales[0][1] == scales[0][2] != scales[0][0]
    maps = [photo.sample.maps["cam", photo.comparison.label] for photo in page.sessions.get("a").photos]
    low, high = (float(text) for text in scales[0][0].split(" to "))
    assert low == pytest.approx(min(m.min() for m in maps), rel=0.01)
    assert high == pytest.approx(max(m.max() for m in maps), rel=0.01)
    assert "this map: " in shown[0]


def test_measured_numbers_stand_beside_the_random_map(page, photos):
    compare(page, photos[:1], methods=("cam", "s"))
    steps = [page.ask_to_measure(visitor()), *page.measure(visitor())]
    assert "measuring" in rows(steps[:1])[0]
    text = rows(steps)[0]
    session = page.sessions.get("a")
    comparison = session.photos[0].comparison
    for metric in METRICS.values():
        assert text.count(f"<dt>{metric.title}") == 2
        assert f'title="{metric.formula}"'.replace("'", "&#39;") in text
    cam = comparison.panels[0]
    assert f"{cam.numbers.road:.3f}" in text and f"random {comparison.control('cam').road:.3f}" in text
    assert "steps" not in steps[-1]["status"] and "Measured." in steps[-1]["status"]
    again = rows(compare(page, photos[:1], methods=("cam", "s")))[0]
    assert f"{cam.numbers.road:.3f}" in again, "what was measured stays known"
    assert "ROAD" not in rows(compare(page, photos[:1], label=another(session.photos[0].sample), methods=("cam",)))[0]


def test_downloads_are_named_after_photos_model_and_what_they_show(page, photos):
    compare(page, photos, methods=("s",))
    model = page.studio.predictor.name
    names = [Path(page.download(ending)(visitor(), photos)["file"]).name for ending in (".png", ".npz", ".csv")]
    stem = f"photo-0-and-1-more-{model}"
    assert names == [f"{stem}-comparison.png", f"{stem}-maps.npz", f"{stem}-numbers.csv"]
    assert file_name(["=?.jpg"], "a/b", "maps") == "photo-a-b-maps"


@pytest.mark.parametrize(
    ("value", "chance", "higher", "said"),
    [
        (0.5, (0.3, 0.4), True, "better"),
        (0.5, (0.3, 0.4), False, "worse"),
        (0.2, (0.3, 0.4), False, "better"),
        (0.35, (0.3, 0.4), True, "like random"),
        (0.5, None, True, ""),
    ],
)
def test_better_and_worse_are_said_in_words(value, chance, higher, said):
    metric = next(metric for metric in METRICS.values() if metric.higher_is_better is higher)
    assert Number(metric, value, 0.35, chance).verdict == said


def test_a_map_is_better_only_than_what_chance_gives_and_a_control_never(page, photos):
    compare(page, photos[:1], methods=("cam", "s-star"))
    page.ask_to_measure(visitor())
    list(page.measure(visitor()))
    (comparison,) = page.sessions.get("a").comparisons
    assert {classifier: len(maps) for classifier, maps in comparison.random.items()} == {"vanilla": 4, "cternet": 4}
    assert len(set(comparison.random["vanilla"])) == 4, "no two random maps are the same"
    cam, s_star = (numbers_of(comparison, panel) for panel in comparison.panels)
    measured = np.array([one.road for one in comparison.random["vanilla"]])
    values = np.array([*measured, *-measured])  # a map turned upside down has the opposite
    road = next(number for number in cam if number.metric.title == "ROAD")
    reach = stats.t.ppf(0.975, 4) * values.std(ddof=1) * np.sqrt(9 / 8)
    assert road.chance == pytest.approx((values.mean() - reach, values.mean() + reach))
    assert road.control == pytest.approx(0)
    assert all(number.verdict == "" for number in s_star)
    (row,) = [row for row in redrawn(page) if row][:1]
    assert row.count('class="scale"') == 2 * len(METRICS) and row.count('class="band"') == len(METRICS)


def test_stop_ends_the_work_and_keeps_what_is_there(page, photos):
    compare(page, photos)
    page.ask_to_measure(visitor())
    steps = page.measure(visitor())
    for _ in range(3):
        next(steps)
    stopped = page.stop(visitor())
    assert "Stopped" in stopped["status"]
    assert list(steps) == [stopped], "a number that arrives late is followed by what stands"
    shown = redrawn(page)
    assert all(row.count('class="open"') == len(METHOD) for row in shown[:2])
    assert "measuring" not in shown[0]


def test_stop_shows_what_was_measured_and_go_on_measures_the_rest(page, photos):
    compare(page, photos)
    page.ask_to_measure(visitor())
    steps = page.measure(visitor())
    for _ in range(4):
        next(steps)
    stopped = page.stop(visitor())
    list(steps)

    def measured() -> int:
        return sum(panel.numbers is not None for photo in page.sessions.get("a").photos for panel in photo.comparison.panels)

    part = measured()
    assert part > 0
    assert sum(row.count('class="numbers"') for row in rows([stopped])) == part, "what was measured is shown"
    session = page.sessions.get("a")
    known = [panel.numbers for panel in session.photos[0].comparison.panels if panel.numbers is not None]
    compare(page, photos)  # as Resume asks
    assert session.state == "measuring"
    list(page.measure(visitor()))
    everything = sum(
        panel.values is not None for photo in session.photos if photo.comparison for panel in photo.comparison.panels
    )
    assert measured() == everything > part
    assert known == [panel.numbers for panel in session.photos[0].comparison.panels][: len(known)], "nothing is measured twice"
    assert session.state == "measured" and not session.measuring


def test_the_open_photo_comes_first_once_the_visitor_is_here(page, photos, tmp_path):
    tiny_photo(11).save(tmp_path / "open.png")
    PhotoPicker(page.studio, ("analyze", "compare")).choose(visitor(), uploaded(tmp_path / "open.png", "open.png"))
    chosen = {"photos": photos[:1], "label": "", "group": METHOD, **look_of(LOOK)}
    assert page.show(visitor(), **chosen) == {}, "nothing is asked for before"
    assert list(page.here(page.compare)(visitor())) == []
    assert page.enter(visitor(), **chosen)["label"] == ""
    assert list(page.here(page.compare)(visitor()))
    assert page.sessions.get("a").photos[0].name == "open.png"
    page.studio.photos.get("a").emotion = page.studio.networks.classes[2]
    assert page.enter(visitor(), **chosen)["label"] == page.studio.networks.classes[2]


def test_two_handlers_do_not_do_the_same_work(page, photos):
    ask(page, photos, methods=("cam",))
    one, other = page.compare(visitor()), page.compare(visitor())
    next(one)
    assert list(other) == []
    assert "2 photos" in list(one)[-1]["status"]
    page.ask_to_measure(visitor())
    one, other = page.measure(visitor()), page.measure(visitor())
    next(one)
    assert list(other) == []
    assert "Measured" in list(one)[-1]["status"]


def test_new_photos_while_numbers_are_made_are_measured_as_well(page, photos):
    compare(page, photos[:1], methods=("s",))
    page.ask_to_measure(visitor())
    next(page.measure(visitor()))
    page.studio.panels.put("a", page.name)
    page.show(visitor(), photos=photos[:1], label="", group=("s",), **look_of(LOOK))
    list(page.here(page.compare)(visitor()))
    assert "Measured" in list(page.here(page.measure)(visitor()))[-1]["status"]


def test_a_newer_wish_overtakes_the_work_under_way(page, photos):
    ask(page, photos, methods=("cam",))
    old = page.compare(visitor())
    next(old)
    ask(page, photos, methods=("s",))
    assert list(old) == [], "the old work shows nothing any more"
    list(page.compare(visitor()))
    assert [[p.method for p in photo.comparison.panels] for photo in page.sessions.get("a").photos] == [["s"], ["s"]]


def test_work_that_ends_changes_nothing_more(page, photos):
    assert list(page.quietly(page.compare)(visitor("nobody"))) == [{}], "nor empties the page"
    ask(page, photos)
    done, last = list(page.quietly(page.compare)(visitor()))[-2:]
    assert last == {name: done[name] for name in ("measure", "stop", "go_on")}


def test_slow_methods_come_last_and_give_up_when_told(page, photos):
    ask(page, photos[:1], methods=("score-cam", "s"))
    steps = page.compare(visitor())
    first = next(steps)["row0"]
    assert first.count('class="open"') == 1 and "working…" in first
    stopped = page.stop(visitor())
    assert list(steps) == [stopped]
    shown = redrawn(page)[0]
    assert shown.count('class="open"') == 1 and "not made" in shown
    ask(page, photos[:1], methods=("score-cam", "s"))
    assert list(page.compare(visitor()))[-2]["row0"].count('class="open"') == 2


def test_photos_leave_and_rows_move_up(page, photos):
    compare(page, photos)
    steps = compare(page, photos[1:])
    assert "photo 1.png" in steps[0]["row0"] and steps[0]["row1"] == ""
    steps = compare(page, None)
    assert "empty" in steps[0]["row0"] and "drop some" in steps[0]["status"]
    assert "empty" in rows(steps)[0] and not any(rows(steps)[1:]), "it stays so"
    assert page.sessions.get("a").photos == ()


def test_names_stay_when_the_server_has_changed_them(page, photos):
    compare(page, photos[:1])
    renamed = photos[0] | {"orig_name": "changed.png"}
    assert "photo 0.png" in rows(compare(page, [renamed, photos[1]], methods=("s",)))[0]


def test_what_stands_is_shown_last_in_whatever_order_answers_arrive(page, photos):
    """Two wishes in a row: the work of the first may make all of it before the answer to the second reaches the page."""
    ask(page, photos)
    late = ask(page, photos, methods=("s",))
    worked = list(page.compare(visitor()))
    shown = [*worked, late, *page.compare(visitor())][-1]
    assert "done" in shown["status"] and "2 photos" in shown["status"]
    assert shown["measure"]["interactive"] and shown["go_on"]["interactive"] and not shown["stop"]["interactive"]
    late = page.ask_to_measure(visitor())
    page.ask_to_measure(visitor())
    worked = list(page.measure(visitor()))
    assert "Measured" in [*worked, late, *page.measure(visitor())][-1]["status"]


def test_photos_of_one_name_are_told_apart(page, tmp_path):
    twins = [payload(tmp_path / f"{seed}.png", "IMG.png", tiny_photo(seed)) for seed in range(3)]
    compare(page, twins[:1], methods=("s",))
    compare(page, twins[::-1], methods=("s",))
    assert [photo.sample.name for photo in page.sessions.get("a").photos] == ["IMG (2).png", "IMG (3).png", "IMG.png"]


def test_more_photos_than_fit_are_left_out_with_a_word(page, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(gr, "Info", said.append)
    many = [payload(tmp_path / f"{i}.png", f"{i}.png", tiny_photo(i)) for i in range(MOST_PHOTOS + 2)]
    ask(page, many)
    assert len(page.sessions.get("a").photos) == MOST_PHOTOS
    assert "last 2" in said[0]


def test_visitors_are_apart_and_forgotten_when_they_leave(page, photos):
    compare(page, photos[:1], who="a")
    compare(page, photos[1:], who="b")
    assert "photo 0.png" not in "".join(redrawn(page, who="b"))
    ask(page, photos, methods=("cam",), who="a")
    running = page.compare(visitor("a"))
    next(running)
    page.leave("a")
    (last,) = running
    assert "Stopped" in last["status"]
    assert page.sessions.get("a") is None
    with pytest.raises(gr.Error, match="no longer"):
        page.download(".csv")(visitor("a"), photos)
    with pytest.raises(gr.Error, match="no longer"):
        page.ask_to_measure(visitor("a"))
    assert len(compare(page, photos, who="a")) > 1, "asking again starts anew"


@pytest.mark.parametrize(
    "values", [{"label": "joy"}, {"methods": ("os.system",)}, {"look": ("x", "own", True)}, {"look": ("grey", "x", True)}]
)
def test_values_the_page_does_not_offer_are_refused(page, photos, values):
    with pytest.raises(gr.Error, match="reload"):
        ask(page, photos, **values)


def test_downloads_hold_what_is_shown(page, photos):
    compare(page, photos, methods=("cam", "s"))
    page.ask_to_measure(visitor())
    list(page.measure(visitor()))
    files = {
        ending: Path(page.download(ending)(visitor(), photos)["file"])
        for ending in (".png", ".svg", ".pdf", ".npz", ".csv", ".tex")
    }
    with Image.open(files[".png"]) as figure:
        assert figure.width > 500
    assert files[".svg"].read_text().lstrip().startswith("<?xml") and files[".pdf"].read_bytes().startswith(b"%PDF")
    sample = page.sessions.get("a").photos[1].sample
    with np.load(files[".npz"]) as arrays:
        assert any(np.array_equal(arrays[name], sample.maps["s", None]) for name in arrays.files if name.endswith("/s"))
    with files[".csv"].open() as file:
        lines = list(csv.DictReader(file))
    assert [(line["photo"], line["method"]) for line in lines] == [
        (name, method) for name in ("photo 0.png", "photo 1.png") for method in ("cam", "s")
    ]
    assert r"\toprule" in files[".tex"].read_text()


def test_a_table_of_nothing_is_refused_in_a_sentence(page, photos):
    compare(page, photos, methods=("s",))
    with pytest.raises(gr.Error, match="measure first"):
        page.download(".tex")(visitor(), photos)


def test_downloads_before_any_photo_ask_for_one(page):
    with pytest.raises(gr.Error, match="choose a photo"):
        page.download(".png")(visitor(), None)


def test_a_forgotten_visitor_is_told_so_and_can_go_on(page, photos, monkeypatch):
    said = []
    monkeypatch.setattr(gr, "Info", said.append)
    go_on = compare(page, photos)[-1]["go_on"]
    page.sessions.drop("a")
    assert page.redraw(visitor(), **look_of(LOOK)) == {}
    assert "Resume" in said[0] and go_on["interactive"]


def test_everything_works_without_the_other_networks(tmp_path, photos):
    networks = Networks(Predictor(tiny_network(), device="cpu"), {"vanilla": tmp_path / "<none>"})
    page = ComparePage(Studio(networks))
    assert set(page.methods).isdisjoint({"cam", "wscnet", "ras"})
    assert page.ticked == ("s", "s-star", "effect")
    said = compare_view.unavailable(page.reasons)
    assert "CAM" in said and "no weights were given for ras" in said and "<none>" not in said
    assert rows(compare(page, photos, methods=page.ticked))[0].count('class="open"') == 3


class Attributes(HTMLParser):
    """Collects the tags and attribute names of some HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found |= {tag, *(name for name, _ in attrs)}


def test_hostile_names_are_text(page, tmp_path):
    name = '"><img src=x onerror=alert(1)><script>${alert(2)}</script>.png'
    shown = rows(compare(page, [payload(tmp_path / "a.png", name, tiny_photo())]))[0]
    found = Attributes(shown).found
    assert "onerror" not in found and "script" not in found and "img" in found


def test_a_failure_of_the_program_on_one_photo_does_not_take_the_others_along(page, photos, monkeypatch):
    load = load_samples

    def failing(networks, images, needed):
        if images[0].size == (90, 71):
            raise RuntimeError("out of memory")
        return load(networks, images, needed)

    monkeypatch.setattr("app.compare.session.load_samples", failing)
    odd = payload(Path(photos[0]["path"]).with_name("odd.png"), "odd.png", tiny_photo(3, 90, 71))
    shown = rows(compare(page, [odd, photos[0]]))
    assert "odd.png could not be compared" in shown[0] and "memory" not in shown[0]
    assert 'class="open"' in shown[1]


def test_a_fresh_bench_is_empty():
    assert CompareSession().comparisons == []
