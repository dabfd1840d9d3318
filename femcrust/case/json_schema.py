"""The JSON Schema of case files, for editors: `python -m femcrust.case.json_schema` writes it.

An editor uses it after the first line `# yaml-language-server: $schema=.../case.schema.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from femcrust.case.schema import Case

SCHEMA_FILE = Path(__file__).with_name("case.schema.json")


def schema_text() -> str:
    """The schema as it is stored beside this file."""
    schema = Case.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "femcrust case"
    schema["properties"]["extends"] = {
        "type": "string",
        "description": "A base case; this file goes on top of it, key by key.",
    }
    return json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
