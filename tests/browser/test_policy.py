"""The page runs nothing but its own files."""

from playwright.sync_api import expect


def test_an_inline_script_does_not_run(page):
    page.tab.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "document.title = 'run'";
          document.body.append(script);
        }"""
    )
    expect(page.tab).to_have_title("sd-worker")
    assert any("Content Security Policy" in error for error in page.errors), f"got {page.errors}"
    page.forgive("Content Security Policy")


def test_markup_in_a_prompt_stays_text(page):
    before = page.pictures.count()
    prompt = "<img src=x onerror=document.title='run'><b>bold</b>"
    page.make(prompt=prompt, steps=2)
    expect(page.pictures).to_have_count(before + 1)
    page.pictures.first.click()
    expect(page.find("#viewer-settings")).to_contain_text(prompt)
    expect(page.tab).to_have_title("sd-worker")


def test_the_description_of_the_api_opens(page):
    page.tab.get_by_role("link", name="API").click()
    expect(page.tab.get_by_text("/v1/jobs", exact=True).first).to_be_visible()
