"""The page in a real Chromium, served by the real program with the bundled model."""

import os
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "http"))

from worker import REAL, Worker  # noqa: E402

from page import Page  # noqa: E402

CHROMIUM = os.environ.get("SD_WORKER_CHROMIUM", "/usr/bin/chromium")
MODEL = REPOSITORY / "models" / "shapes-128"
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def chromium():
    """A browser for each module. Playwright's event loop goes with it, so that other tests can start loops of their own."""
    if not Path(CHROMIUM).is_file():
        pytest.skip(f"there is no Chromium at {CHROMIUM}; SD_WORKER_CHROMIUM names another")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def start(tmp_path):
    """Starts workers of their own: start("--port", 8081)."""
    running = []

    def begin(*flags, **options):
        folder = tmp_path / f"worker{len(running)}"
        running.append(Worker(folder, *flags, program=REAL, models=(MODEL,), **options))
        return running[-1]

    yield begin
    for one in running:
        one.stop()


@pytest.fixture(scope="session")
def worker(tmp_path_factory):
    running = Worker(tmp_path_factory.mktemp("worker"), program=REAL, models=(MODEL,))
    yield running
    running.stop()


@pytest.fixture
def open_page(chromium):
    """Opens pages, each in a browser profile of its own; none may write an error to the console."""
    opened = []

    def begin(worker, **options):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        opened.append(Page(context, worker.url))
        return opened[-1]

    yield begin
    errors = [error for page in opened for error in page.errors]
    for page in opened:
        page.tab.context.close()
    assert errors == [], f"expected a silent console, got {errors}"


@pytest.fixture
def page(open_page, worker):
    """Of the shared worker, once it is done with what earlier tests left."""
    worker.wait_idle()
    return open_page(worker)
