from playwright.sync_api import expect

from page import LONG


def test_a_prompt_becomes_a_picture(page):
    before = page.pictures.count()
    page.fill(prompt="a small green triangle on a black background", steps=6, seed=7, width=64, height=64)
    page.find("#prompt").press("Enter")
    expect(page.pictures).to_have_count(before + 1)
    expect(page.pictures.first).to_have_js_property("naturalWidth", 64)
    expect(page.pictures.first).to_have_attribute("alt", "a small green triangle on a black background, seed 7")
    expect(page.jobs).to_have_count(0)


def test_every_setting_reaches_the_worker(page):
    page.find("#sampler").select_option("ddim")
    page.find("#schedule").select_option("karras")
    page.find("#preview").uncheck()
    settings = {"negative_prompt": "blue", "width": 64, "height": 128, "steps": 2, "guidance_scale": 3.5, "count": 2}
    sent = page.make(**settings, seed=18446744073709551614)
    assert sent == {
        **settings,
        "operation": "image_generation",
        "prompt": "a large red circle on a white background",
        "model": "shapes-128",
        "sampler": "ddim",
        "schedule": "karras",
        "seed": 18446744073709551614,
    }
    expect(page.jobs).to_have_count(0)


def test_progress_and_a_preview_are_shown_while_it_is_made(page):
    page.make(steps=LONG)
    expect(page.jobs.locator(".job-state")).to_contain_text(f"of {LONG}")
    expect(page.jobs.locator(".job-state")).to_contain_text("left")
    expect(page.jobs.locator("img")).to_be_visible()
    expect(page.jobs.locator("img")).not_to_have_js_property("naturalWidth", 0)
    page.jobs.get_by_role("button").click()
    expect(page.jobs).to_contain_text("cancelled")


def test_a_refused_setting_is_named_at_its_field(page):
    page.fill(prompt="a red circle", width=63)
    page.tab.get_by_role("button", name="Make picture").click()
    expect(page.find("#form-error")).to_contain_text("width")
    expect(page.find("#width")).to_be_focused()
    expect(page.find("#width")).to_have_attribute("aria-invalid", "true")
    page.forgive("400", "422")
