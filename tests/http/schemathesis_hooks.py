"""What a random string is not: a picture, the name of a LoRA that is there."""

import schemathesis
from hypothesis import strategies as st
from worker import picture_base64

schemathesis.openapi.format("picture", st.sampled_from([picture_base64(), "data:image/jpeg;base64," + picture_base64(format="JPEG")]))
schemathesis.openapi.format("lora", st.just("ink"))
