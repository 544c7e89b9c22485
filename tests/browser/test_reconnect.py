from playwright.sync_api import expect

from page import LONG


def test_the_page_goes_on_after_the_worker_restarts(start, open_page):
    first = start()
    page = open_page(first)
    page.make(steps=LONG)
    expect(page.jobs.locator(".job-state")).to_contain_text("step")
    first.process.kill()
    first.process.wait()
    expect(page.jobs).to_contain_text("connection lost")

    start("--port", first.port)
    expect(page.jobs).to_contain_text("no longer knows this job")
    page.make()
    expect(page.pictures).to_have_count(1)
    page.forgive("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET", "404")


def test_a_broken_stream_is_resumed_after_its_last_event(page):
    before = page.pictures.count()
    cut = 'id: 2\ndata: {"type":"progress","step":1,"total":6,"percent":16,"eta_ms":1000}\n\nid: 3\nda'
    answer = {"status": 200, "content_type": "text/event-stream", "body": cut}
    page.tab.route("**/stream", lambda route: route.fulfill(**answer), times=1)
    with page.tab.expect_request(lambda request: "last-event-id" in request.headers) as resumed:
        page.make()
    assert resumed.value.headers["last-event-id"] == "2"
    expect(page.pictures).to_have_count(before + 1)
