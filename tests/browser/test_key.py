from playwright.sync_api import expect

KEY = "a-long-enough-key-for-the-page"


def test_who_logs_in_with_the_key_makes_pictures(start, open_page):
    page = open_page(start(key=KEY), http_credentials={"username": "anybody", "password": KEY})
    page.make()
    expect(page.pictures).to_have_count(1)
