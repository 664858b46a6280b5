# SPDX-License-Identifier: Apache-2.0
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "tripleo-messaging"
author = "tripleo-messaging contributors"
version = release = installed_version("tripleo-messaging")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "command_line",
    "composed_tables",
]
exclude_patterns = ["_build"]
default_role = "literal"
# Only names of our own have pages here, and building needs no network.
nitpick_ignore_regex = [("py:.*", r"(?!tripleo_messaging).*")]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_google_docstring = True
napoleon_numpy_docstring = False

html_theme = "alabaster"
html_theme_options = {"description": "Separate RPC and Notification messaging for OpenStack"}
