"""The page in a real browser: what a reader sees, clicks, types and prints."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

import forecast
from forecast.verbs.verification import report as report_again

pytestmark = pytest.mark.slow

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDE, NARROW = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
PAPER = {"width": 688, "height": 1000}  # A4 within its margins
LUMINANCE = """() => {
  const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}"""


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason='no playwright: pip install -e ".[browser]"', exc_type=ImportError
    )
    if CHROMIUM is None:
        pytest.skip("no browser: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory, chromium):
    """Make a page of one series and one of thirty, by models that take no time."""
    folder, rng = tmp_path_factory.mktemp("pages"), np.random.default_rng(0)
    times = pd.date_range("2020-01-01", periods=40, freq="MS")
    shops = [
        pd.DataFrame({"unique_id": f"shop {s:02d}", "ds": times, "y": 50 + s + rng.normal(size=40).cumsum()})
        for s in range(30)
    ]
    settings = {"horizon": 3, "models": ["drift", "mean"], "jobs": 1}
    runs = {
        "one": forecast.run("nile", n_windows=9, out=folder / "one", **settings),
        "panel": forecast.run(pd.concat(shops), n_windows=2, out=folder / "panel", **settings),
    }
    pages = {name: run.report.as_uri() for name, run in runs.items()}
    for name, run in runs.items():
        shutil.copytree(run.folder, folder / f"live-{name}")
        pages[f"live-{name}"] = report_again(folder / f"live-{name}", interactive=True).as_uri()
    return pages


@pytest.fixture(params=["one", "panel"])
def address(request, reports):
    return reports[request.param]


@contextmanager
def opened(chromium, address, **settings):
    """Open the page, and collect everything the browser complains about."""
    context = chromium.new_context(**({"viewport": WIDE} | settings))
    try:
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda said: page.complaints.append(said.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("requestfailed", lambda request: page.complaints.append(request.url[:100]))
        page.goto(address)
        yield page
    finally:
        context.close()


def test_nothing_is_complained_of_and_nothing_is_loaded_from_outside(chromium, address):
    with opened(chromium, address) as page:
        assert page.complaints == []
        assert page.title().endswith("forecast")
        assert page.evaluate("performance.getEntriesByType('resource').every(one => one.name.startsWith('data:'))")
        assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 100)")


@pytest.mark.parametrize(
    ("which", "scheme", "viewport"),
    [
        ("one", "light", WIDE),
        ("one", "dark", NARROW),
        ("panel", "dark", WIDE),
        ("panel", "light", NARROW),
        ("live-one", "dark", WIDE),
        ("live-panel", "light", NARROW),
    ],
    ids=lambda value: f"{value['width']}" if isinstance(value, dict) else value,
)
def test_axe_finds_nothing_serious(chromium, reports, which, scheme, viewport):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason='no axe: pip install -e ".[browser]"')
    with opened(chromium, reports[which], color_scheme=scheme, viewport=viewport) as page:
        found = axe.Axe().run(page).response

    serious = {
        one["id"]: one["nodes"][0]["html"] for one in found["violations"] if one["impact"] in ("serious", "critical")
    }
    assert serious == {}
    assert len(found["passes"]) > 15


def test_all_is_readable_without_scripts(chromium, address):
    with opened(chromium, address) as page:
        page.evaluate("document.querySelectorAll('button, .filter').forEach(one => one.remove())")
        with_scripts = page.locator("main").inner_text()
    with opened(chromium, address, java_script_enabled=False) as page:
        assert page.locator("h2").count() == 10
        assert page.locator("#table-leaderboard").is_visible()
        assert page.locator("main").inner_text().split() == with_scripts.split()


def test_dark_readers_get_a_dark_page_and_others_a_light_one(chromium, address):
    with opened(chromium, address, color_scheme="dark") as dark, opened(chromium, address) as light:
        assert dark.evaluate(LUMINANCE) < 0.2
        assert light.evaluate(LUMINANCE) > 0.9


def test_a_phone_scrolls_in_one_direction_only(chromium, address):
    with opened(chromium, address, viewport=NARROW, is_mobile=True) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
        assert page.locator(".verdict").bounding_box()["width"] > 300
        widest = "Math.max(...[...document.querySelectorAll('caption')].map(one => one.offsetWidth))"
        assert page.evaluate(widest) < NARROW["width"]


def test_paper_gets_the_whole_page_in_black_on_white(chromium, address, tmp_path):
    with opened(chromium, address, color_scheme="dark", viewport=PAPER) as page:
        page.pdf(path=tmp_path / "report.pdf")
        page.emulate_media(media="print")
        assert page.evaluate(LUMINANCE) > 0.99
        assert not page.locator("nav").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PAPER["width"]
        for closed in page.locator("details > *:not(summary)").all():
            assert closed.is_visible()

    content = (tmp_path / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) >= 4


def test_on_paper_no_picture_is_cut_and_its_numbers_go_on_overleaf(chromium, address):
    with opened(chromium, address, viewport=PAPER) as page:
        page.emulate_media(media="print")
        inside = "(selector) => [...document.querySelectorAll(selector)].map(one => getComputedStyle(one).breakInside)"
        assert set(page.evaluate(inside, ".card")) == {"avoid"}
        assert set(page.evaluate(inside, "figure, details, .tall")) == {"auto"}


def test_a_screen_of_usual_width_shows_tables_whole(chromium, address):
    with opened(chromium, address) as page:
        wide = "[...document.querySelectorAll('.box')].filter(one => one.scrollWidth > one.clientWidth + 1)"
        assert page.evaluate(f"{wide}.map(one => one.ariaLabel)") == []


def test_the_keyboard_skips_to_the_answer_and_shows_where_it_is(chromium, address):
    with opened(chromium, address) as page:
        page.keyboard.press("Tab")
        skip = page.locator(":focus")
        assert skip.inner_text() == "Skip to the answer"
        assert skip.bounding_box()["x"] >= 0
        page.keyboard.press("Enter")
        assert page.url.endswith("#answer")
        page.keyboard.press("Tab")
        focused = page.locator("#answer :focus")
        assert focused.count() == 1
        assert focused.evaluate("one => parseFloat(getComputedStyle(one).outlineWidth)") >= 2
        assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"


def test_every_link_of_the_contents_leads_to_its_section(chromium, address):
    with opened(chromium, address) as page:
        for link in page.locator("nav a").all():
            link.click()
            target = page.locator(link.get_attribute("href"))
            assert -1 <= target.bounding_box()["y"] < WIDE["height"]


def test_a_click_opens_the_numbers_of_a_picture(chromium, address):
    with opened(chromium, address) as page:
        closed = page.locator("details").first
        assert not closed.locator("table").is_visible()
        closed.locator("summary").click()
        assert closed.locator("table").is_visible()


def test_a_click_sorts_a_table_and_another_one_turns_it_round(chromium, address):
    with opened(chromium, address) as page:
        table = page.locator("#table-leaderboard")
        if not table.locator("thead button").count():
            pytest.skip("this page has nothing to sort by")
        head = table.locator("thead th").nth(1)
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == "ascending"
        up = table.locator("tbody tr td:nth-of-type(1)").all_inner_texts()
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == "descending"
        down = table.locator("tbody tr td:nth-of-type(1)").all_inner_texts()
        assert sorted(up) == sorted(down)
        assert up[0] == down[-1] != up[-1]
        assert page.complaints == []


def test_typing_a_name_shows_the_series_of_that_name(chromium, reports):
    with opened(chromium, reports["panel"]) as page:
        fields = page.locator("input[type=search]")
        if not fields.count():
            pytest.skip("this page has nothing to filter")
        fields.first.fill("SHOP 07")
        rows = page.locator("table.filterable").first.locator("tbody tr:visible")
        assert [name.split()[:2] for name in rows.all_inner_texts()] == [["shop", "07"]]
        fields.first.fill("")
        assert rows.count() == 30
        assert page.complaints == []


def test_the_reading_line_follows_the_arrow_keys_and_says_what_is_there(chromium, reports):
    run = forecast.load_run(reports["one"].removeprefix("file://").rpartition("/")[0])
    best = run.metrics["verdict"]["model"]
    values = run.forecasts[run.forecasts["model"] == best]["y_hat"].tolist()
    with opened(chromium, reports["live-one"]) as page:
        slider, reading = page.get_by_role("slider"), page.locator(".reading")
        assert reading.inner_text().startswith(f"1973: {best} {values[-1]:,.4g}")
        slider.press("ArrowLeft")
        assert slider.get_attribute("aria-valuetext").startswith(f"1972: {best} {values[-2]:,.4g}")
        assert reading.inner_text() == slider.get_attribute("aria-valuetext")
        for _ in range(2):
            slider.press("ArrowLeft")
        assert reading.inner_text() == "1970: 740"
        slider.press("Home")
        assert reading.inner_text() == "1871: 1,120"
        slider.press("End")
        assert reading.inner_text().startswith("1973:")
        assert page.complaints == []


def test_the_picture_is_zoomed_by_keys_buttons_and_the_mouse(chromium, reports):
    def dots():
        return page.locator(".chart path.history").get_attribute("d").count("L")

    def in_view():
        first, last = (slider.evaluate(f"one => one.{side}") for side in ("dataset.first", "dataset.last"))
        return int(last) - int(first)

    with opened(chromium, reports["live-one"]) as page:
        slider = page.get_by_role("slider")
        usual = in_view()
        assert dots() == 99  # the line is drawn whole, and cut at the edges
        page.get_by_role("button", name="Show all values").click()
        assert in_view() == 102
        slider.press("+")
        assert in_view() == 51
        slider.press("-")
        assert in_view() == 102
        box = slider.bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 50)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 50, steps=3)
        page.mouse.up()
        assert 15 < in_view() < 30
        slider.dblclick()
        assert in_view() == usual == 26
        assert page.complaints == []


def test_a_mouse_over_the_picture_reads_the_nearest_value(chromium, reports):
    with opened(chromium, reports["live-one"]) as page:
        slider = page.get_by_role("slider")
        box = slider.bounding_box()
        page.mouse.move(box["x"] + 48, box["y"] + 50)
        assert page.locator(".reading").inner_text().startswith("1947: ")


def test_any_drawn_series_can_be_chosen(chromium, reports):
    with opened(chromium, reports["live-panel"]) as page:
        select = page.get_by_label("Series that is drawn")
        assert select.locator("option").count() == 24
        before = page.locator(".chart path.best").get_attribute("d")
        name = select.locator("option").nth(5).inner_text()
        select.select_option(label=name)
        assert page.locator(".chart path.best").get_attribute("d") != before
        assert page.get_by_role("slider").get_attribute("aria-label").startswith(f"{name}: ")
        assert page.locator("#figure-forecast img").is_visible()
        assert page.complaints == []


def test_the_picture_stays_for_paper_and_for_readers_without_scripts(chromium, reports):
    with opened(chromium, reports["live-one"], java_script_enabled=False) as page:
        assert page.locator("#figure-forecast img").is_visible()
        assert page.locator(".chart").count() == 0
        assert page.locator("#table-values").is_visible()
    with opened(chromium, reports["live-one"]) as page:
        image = page.locator("#figure-forecast img")
        assert image.get_attribute("alt").startswith("The history and the forecast of")
        assert page.locator("#figure-forecast .card").bounding_box()["width"] <= 1
        page.emulate_media(media="print")
        assert page.locator("#figure-forecast .card").bounding_box()["width"] > 300
        assert not page.locator(".chart").is_visible()
        assert page.complaints == []
