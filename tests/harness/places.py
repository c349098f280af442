# SPDX-License-Identifier: Apache-2.0
"""Where things are, for the tests."""

import pathlib

TREE = pathlib.Path(__file__).resolve().parents[2]
FAKE = pathlib.Path(__file__).with_name("fake_image.py")
