from playwright.sync_api import expect

from page import LONG


def test_a_running_job_is_cancelled(page, worker):
    before = page.pictures.count()
    page.make(prompt="a job to cancel", steps=LONG)
    expect(page.jobs.locator(".job-state")).to_contain_text("step")
    page.tab.get_by_role("button", name="Cancel: a job to cancel").click()
    expect(page.jobs).to_contain_text("cancelled")
    page.tab.get_by_role("button", name="Dismiss: a job to cancel").click()
    expect(page.jobs).to_have_count(0)
    assert page.pictures.count() == before
    assert worker.client.get("/v1/jobs?state=running").json()["jobs"] == []


def test_a_waiting_job_tells_its_place_and_other_tabs_see_the_queue(page, open_page, worker):
    page.make(prompt="the first", steps=LONG)
    page.make(prompt="the second", steps=LONG)
    expect(page.jobs.nth(1).locator(".job-state")).to_contain_text("waiting, number 1 in the queue")
    other = open_page(worker)
    expect(other.jobs).to_have_count(2)
    for prompt in ("the second", "the first"):
        other.tab.get_by_role("button", name=f"Cancel: {prompt}").click()
    expect(page.jobs.nth(0)).to_contain_text("cancelled")
    expect(page.jobs.nth(1)).to_contain_text("cancelled")
