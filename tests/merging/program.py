"""The settings of a program that a test starts: the test's own database and stand-in.

`MERGEUI_TEST_SETTINGS` in the environment has what differs, as JSON.
"""

import json
import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

_given = json.loads(os.environ["MERGEUI_TEST_SETTINGS"])
DATABASES["default"]["NAME"] = _given.pop("DATABASE_NAME")
DATABASES["default"].get("OPTIONS", {}).update(_given.pop("DATABASE_OPTIONS", {}))
globals().update(_given)
