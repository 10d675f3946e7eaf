"""What a version folder says of itself: a manifest beside its files."""

import hashlib
import json
from pathlib import Path
from typing import Any

NAME = "manifest.json"


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a version, its manifest excepted."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.iterdir())
        if file.is_file() and file.name != NAME
    }


def digest(served: dict[str, Any]) -> str:
    """One SHA-256 for all that decides the answers."""
    canonical = json.dumps(served, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def read(folder: Path) -> dict[str, Any]:
    """As it was written."""
    manifest: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
    return manifest


def write(manifest: dict[str, Any], into: Path) -> None:
    """Write it beside the files."""
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    (into / NAME).write_text(text, encoding="utf-8")
