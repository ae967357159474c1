"""Prints the API's description: ``python -m twin.openapi > web_viewer/src/generated/openapi.json``.

The viewer's types are generated from it (``npm run generate``); a test fails when the committed file drifts.
"""

import json
import sys

from twin.app import describe_api


def openapi_text() -> str:
    """The description as JSON, the same text for the same API: the version is left out."""
    description = describe_api().openapi()
    description["info"]["version"] = "0"
    return json.dumps(description, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(openapi_text())
