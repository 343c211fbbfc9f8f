"""Builds with setuptools, from nothing: what an earlier build left is removed first.

setuptools copies the packages into build/lib and takes the wheel from there, and never removes what the
source no longer has: a topic file that was renamed would come twice.
"""

import shutil
from pathlib import Path

from setuptools import build_meta as _setuptools
from setuptools.build_meta import (
    build_editable as build_editable,
)
from setuptools.build_meta import (
    build_sdist as build_sdist,
)
from setuptools.build_meta import (
    get_requires_for_build_editable as get_requires_for_build_editable,
)
from setuptools.build_meta import (
    get_requires_for_build_sdist as get_requires_for_build_sdist,
)
from setuptools.build_meta import (
    get_requires_for_build_wheel as get_requires_for_build_wheel,
)
from setuptools.build_meta import (
    prepare_metadata_for_build_editable as prepare_metadata_for_build_editable,
)
from setuptools.build_meta import (
    prepare_metadata_for_build_wheel as prepare_metadata_for_build_wheel,
)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Build the wheel from the sources alone."""
    shutil.rmtree(Path("build") / "lib", ignore_errors=True)
    return _setuptools.build_wheel(wheel_directory, config_settings, metadata_directory)
