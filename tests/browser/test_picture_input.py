import base64
import io

import numpy
import pytest
from PIL import Image
from playwright.sync_api import expect


@pytest.fixture
def file(tmp_path):
    Image.new("RGB", (128, 128), (220, 30, 30)).save(tmp_path / "red.png")
    return tmp_path / "red.png"


def painted(job):
    """[H, W] bool: what the job's mask repaints."""
    mask = numpy.array(Image.open(io.BytesIO(base64.b64decode(job["mask_image"]))).convert("RGB"))
    assert set(numpy.unique(mask)) >= {0, 255}, "expected black and white"
    return mask[..., 0] > 127


def test_a_chosen_picture_is_transformed(page, file):
    before = page.pictures.count()
    page.choose_picture(file)
    page.find("#strength").fill("0.5")
    expect(page.find("#strength-value")).to_have_text("0.5")
    job = page.make()
    assert (job["operation"], job["strength"]) == ("image_transform", 0.5)
    assert base64.b64decode(job["input_image"]) == file.read_bytes()
    expect(page.pictures).to_have_count(before + 1)


def test_what_the_mouse_paints_is_inpainted(page, file):
    before = page.pictures.count()
    page.choose_picture(file)
    page.find("#brush").fill("128")
    page.drag((0.25, 0.25), (0.75, 0.25))
    job = page.make()
    mask = painted(job)
    assert job["operation"] == "image_inpaint"
    assert mask.shape == (128, 128)
    assert mask[32, 32:96].all() and not mask[64:].any(), f"expected a bar in the upper half, got {mask.sum()} pixels"
    expect(page.pictures).to_have_count(before + 1)


def test_the_keyboard_paints_too(page, file):
    page.choose_picture(file)
    page.find("#file").focus()
    page.find("#mask").focus()
    page.tab.keyboard.press("ArrowRight")
    page.tab.keyboard.down(" ")
    for _ in range(5):
        page.tab.keyboard.press("ArrowDown")
    page.tab.keyboard.up(" ")
    mask = painted(page.make(steps=2))
    assert mask[66:78, 67].all() and not mask[:50].any(), f"got {mask.sum()} pixels"
    expect(page.jobs).to_have_count(0)


def test_a_cleared_mask_and_a_removed_picture_are_not_sent(page, file):
    page.choose_picture(file)
    page.drag((0.2, 0.2), (0.4, 0.4))
    page.tab.get_by_role("button", name="Clear mask").click()
    assert page.make(steps=2)["operation"] == "image_transform"
    page.tab.get_by_role("button", name="Remove picture").click()
    assert page.make(steps=2)["operation"] == "image_generation"
    expect(page.jobs).to_have_count(0)


def test_a_picture_is_dropped(page, file):
    content = base64.b64encode(file.read_bytes()).decode()
    dropped = page.tab.evaluate_handle(
        """(content) => {
          const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
          const dropped = new DataTransfer();
          dropped.items.add(new File([bytes], "red.png", { type: "image/png" }));
          return dropped;
        }""",
        content,
    )
    page.find("#picture-input").dispatch_event("drop", {"dataTransfer": dropped})
    expect(page.find("#mask")).to_be_visible()


def test_a_file_that_is_no_picture_is_refused_in_words(page, tmp_path):
    (tmp_path / "text.png").write_text("not a picture")
    page.find("#file").set_input_files(tmp_path / "text.png")
    expect(page.find("#form-error")).to_contain_text("not a picture")
