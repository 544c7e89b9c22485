import pytest
from playwright.sync_api import expect

PROMPT = "a large yellow circle on a green background"


@pytest.fixture
def opened(page):
    """A page whose newest picture is opened."""
    before = page.pictures.count()
    page.make(prompt=PROMPT, seed=11, guidance_scale=4)
    expect(page.pictures).to_have_count(before + 1)
    page.fill(prompt="something else", seed="", steps=3, guidance_scale="")
    page.pictures.first.click()
    return page


def test_a_picture_shows_its_settings_and_gives_them_back(opened):
    for text in (PROMPT, "shapes-128", "11"):
        expect(opened.find("#viewer-settings")).to_contain_text(text)
    opened.tab.get_by_role("button", name="Use these settings").click()
    expect(opened.find("#viewer")).to_be_hidden()
    for name, value in {"prompt": PROMPT, "seed": "11", "steps": "6", "guidance_scale": "4", "model": "shapes-128"}.items():
        expect(opened.find(f"#{name}")).to_have_value(value)


def test_shortcuts_are_sent_shown_and_given_back(page):
    expect(page.find("#deep_cache_interval")).to_be_hidden()
    page.find("#shortcuts summary").click()
    before = page.pictures.count()
    sent = page.make(guidance_end=0.5, deep_cache_interval=2, token_merging_ratio=0.25)
    assert (sent["guidance_end"], sent["deep_cache_interval"], sent["token_merging_ratio"]) == (0.5, 2, 0.25)
    assert "guidance_start" not in sent and "cross_attention_end" not in sent
    expect(page.pictures).to_have_count(before + 1)
    page.tab.reload()
    page.pictures.first.click()
    expect(page.find("#viewer-settings")).to_contain_text("token merging ratio")
    page.tab.get_by_role("button", name="Use these settings").click()
    for name, value in {"guidance_end": "0.5", "deep_cache_interval": "2", "token_merging_ratio": "0.25"}.items():
        expect(page.find(f"#{name}")).to_be_visible()
        expect(page.find(f"#{name}")).to_have_value(value)


def test_a_picture_becomes_the_next_input(opened):
    opened.tab.get_by_role("button", name="Start from this picture").click()
    expect(opened.find("#viewer")).to_be_hidden()
    assert opened.make(steps=2)["operation"] == "image_transform"
    expect(opened.jobs).to_have_count(0)


def test_a_picture_is_downloaded(opened):
    with opened.tab.expect_download() as download:
        opened.find("#viewer-download").click()
    assert download.value.suggested_filename.endswith(".png")


def test_earlier_pictures_are_there_after_a_reload(opened):
    count = opened.pictures.count()
    opened.tab.reload()
    expect(opened.pictures).to_have_count(count)
    expect(opened.pictures.first).to_have_attribute("alt", f"{PROMPT}, seed 11")


def test_the_settings_of_a_picture_are_the_same_after_a_reload(page):
    """Also those that the form left to the model."""

    def reused():
        page.pictures.first.click()
        page.tab.get_by_role("button", name="Use these settings").click()
        return page.tab.evaluate("Object.fromEntries(new FormData(document.getElementById('form')))")

    before = page.pictures.count()
    page.make(prompt=PROMPT, steps="", seed=12)
    expect(page.pictures).to_have_count(before + 1)
    settings = reused()
    assert settings["steps"] and settings["guidance_scale"] and settings["sampler"]
    page.tab.reload()
    expect(page.pictures).to_have_count(before + 1)
    assert reused() == settings
