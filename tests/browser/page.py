"""What a user sees and does on the page."""

from playwright.sync_api import expect

SHORT = 6  # steps: a second or so
LONG = 150  # steps: long enough to act while it runs


class Page:
    def __init__(self, context, url):
        self.errors = []
        self.tab = context.new_page()
        self.tab.on("console", self._hear)
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))
        self.tab.goto(url)
        expect(self.state).to_contain_text("ready")
        expect(self.find("#gallery")).to_have_attribute("aria-busy", "false")

    def _hear(self, message):
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def forgive(self, *texts):
        """Errors that the browser writes for what the test did on purpose."""
        self.errors[:] = [error for error in self.errors if not any(text in error for text in texts)]

    def find(self, selector):
        return self.tab.locator(selector)

    @property
    def state(self):
        return self.find("#worker-state")

    @property
    def jobs(self):
        return self.find("#jobs > li")

    @property
    def pictures(self):
        return self.find("#gallery > li img")

    def fill(self, **fields):
        for name, value in fields.items():
            self.find(f"#{name}").fill(str(value))

    def make(self, prompt="a large red circle on a white background", steps=SHORT, **fields):
        """Presses the button; the job that was sent, and answered."""
        self.fill(prompt=prompt, steps=steps, **fields)
        with self.tab.expect_request(lambda request: request.method == "POST") as sent:
            self.tab.get_by_role("button", name="Make picture").click()
        sent.value.response()
        return sent.value.post_data_json

    def choose_picture(self, file):
        self.find("#file").set_input_files(file)
        expect(self.find("#mask")).to_be_visible()

    def drag(self, start, end):
        """Paints on the picture between two points, as parts of its width and height."""
        canvas = self.find("#mask")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
        self.tab.mouse.move(*points[0])
        self.tab.mouse.down()
        self.tab.mouse.move(*points[1], steps=5)
        self.tab.mouse.up()
