#!/usr/bin/env python3
"""Writes the table of request fields into docs/http-api.md from a running worker: fields_page.py http://127.0.0.1:8080"""

import json
import sys
import urllib.request
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "http-api.md"
BEGIN, END = "<!-- fields: tools/fields_page.py -->\n", "<!-- end of fields -->"
LARGEST = 2**31 - 1  # stands for "no limit"
OPERATIONS = 3


def range_of(field: dict) -> str:
    low, high = field.get("exclusiveMinimum", field.get("minimum")), field.get("maximum")
    if low is None or field["name"] == "seed":
        return ""
    text = f"more than {low:g}" if "exclusiveMinimum" in field else f"{low:g}"
    if high < LARGEST:
        text += f" to {high:g}"
    return text + (f", a multiple of {field['multipleOf']}" if "multipleOf" in field else "")


def table(fields: list[dict]) -> str:
    lines = ["| Field | Type | Range | Meaning |", "|---|---|---|---|"]
    for field in fields:
        meaning = field["description"]
        if len(field["operations"]) < OPERATIONS:
            meaning += f" Only for {' and '.join(field['operations'])}."
        lines.append(f"| `{field['name']}` | {field.get('type', '')} | {range_of(field)} | {meaning} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    with urllib.request.urlopen(sys.argv[1] + "/info") as answer:
        fields = json.load(answer)["capabilities"]["fields"]
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + BEGIN + table(fields) + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
