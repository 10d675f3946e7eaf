"""What the machine must bring along, checked before anything starts."""

import os
import re
import shutil
import subprocess
import sys

from infra.local.part import StackError

_JAVA_AT_LEAST = 17
_MAVEN_AT_LEAST = (3, 6, 3)  # what maven-dependency-plugin 3.7 asks for
_JAVA_REMEDY = "apt-get install openjdk-17-jre-headless"
_MAVEN_REMEDY = "apt-get install maven"


def check() -> None:
    """The checks that need no knowledge of the parts.

    Raises:
        StackError: one line: what is wrong and the remedy.
    """
    if sys.platform != "linux":
        raise StackError(f"the local stack needs Linux, this is {sys.platform}; use a container")
    java()


def java() -> str:
    """Path of a Java that is new enough."""
    home = os.environ.get("JAVA_HOME")
    path = shutil.which("java", path=f"{home}/bin" if home else None)
    if path is None:
        where = f"JAVA_HOME={home} holds no bin/java" if home else "not found"
        raise StackError(f"Java {_JAVA_AT_LEAST} or newer: {where}; {_JAVA_REMEDY}")
    version = java_version(_output(path, "-version"))
    if version is None or version < _JAVA_AT_LEAST:
        found = f"{path} is Java {version}" if version else f"{path} does not run"
        raise StackError(f"Java {_JAVA_AT_LEAST} or newer: {found}; {_JAVA_REMEDY}")
    return path


def maven() -> str:
    """Path of a Maven that is new enough; needed only while jars are missing in the cache."""
    path = shutil.which("mvn")
    wanted = "Maven " + ".".join(map(str, _MAVEN_AT_LEAST)) + " or newer"
    if path is None:
        raise StackError(f"{wanted}: not found; {_MAVEN_REMEDY}")
    version = maven_version(_output(path, "-version"))
    if version is None or version < _MAVEN_AT_LEAST:
        found = ".".join(map(str, version)) if version else "something that does not run"
        raise StackError(f"{wanted}: {path} is {found}; {_MAVEN_REMEDY}")
    return path


def java_version(text: str) -> int | None:
    """The major version out of `java -version`; 8 for the old "1.8.0"."""
    match = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(match[1]) if match else None


def maven_version(text: str) -> tuple[int, ...] | None:
    """The version out of `mvn -version`."""
    match = re.search(r"Apache Maven (\d+)\.(\d+)\.(\d+)", text)
    return tuple(map(int, match.groups())) if match else None


def _output(*argv: str) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr
