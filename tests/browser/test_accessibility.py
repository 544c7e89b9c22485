import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

PHONE = {"width": 390, "height": 844}


def violations(page):
    found = Axe().run(page.tab).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, worker, tmp_path, scheme):
    page = open_page(worker, color_scheme=scheme, reduced_motion="reduce")
    Image.new("RGB", (64, 64), "green").save(tmp_path / "green.png")
    page.find("#shortcuts summary").click()
    page.make(steps=2)
    expect(page.jobs).to_have_count(0)
    page.choose_picture(tmp_path / "green.png")
    page.make(steps=150)
    expect(page.jobs.locator("img")).to_be_visible()
    expect(page.jobs.locator("progress")).to_have_accessible_name(re.compile("^Progress: "))  # axe has no rule for it
    assert violations(page) == []
    page.jobs.get_by_role("button").click()
    expect(page.jobs).to_contain_text("cancelled")
    page.pictures.first.click()
    expect(page.find("#viewer")).to_be_visible()
    assert violations(page) == []


def test_the_keyboard_alone_makes_a_picture_and_reads_its_settings(page):
    before = page.pictures.count()
    page.tab.keyboard.press("Tab")
    page.tab.keyboard.press("Enter")
    expect(page.find("#prompt")).to_be_focused()
    page.fill(steps=2)
    page.find("#prompt").focus()
    page.tab.keyboard.type("a blue square")
    page.tab.keyboard.press("Enter")
    expect(page.pictures).to_have_count(before + 1)
    page.find("#gallery button").first.focus()
    page.tab.keyboard.press("Enter")
    expect(page.find("#viewer")).to_be_visible()
    page.tab.keyboard.press("Escape")
    expect(page.find("#viewer")).to_be_hidden()


def test_nothing_is_wider_than_a_phone(open_page, worker):
    page = open_page(worker, viewport=PHONE, has_touch=True)
    page.make(prompt="a very long prompt " * 20, steps=2)
    expect(page.jobs).to_have_count(0)
    width = page.tab.evaluate("() => document.documentElement.scrollWidth")
    assert width <= PHONE["width"], f"expected at most {PHONE['width']}, got {width}"


def test_the_theme_button_is_remembered(open_page, worker):
    page = open_page(worker, color_scheme="light")
    page.find("#theme").click()
    page.tab.reload()
    expect(page.find("body")).to_have_css("background-color", "rgb(20, 23, 28)")
    page.find("#theme").click()
    expect(page.find("body")).to_have_css("background-color", "rgb(246, 247, 249)")
