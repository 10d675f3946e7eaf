"""What the services' environment asks of this one: `python -m infra.triton.build WHAT REQUEST`.

One line of standard output per step; what libraries print goes to standard error.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.triton.build import encoder, manifests


def main() -> None:
    """Do what is asked for by a file of JSON."""
    what, file = sys.argv[1:]
    request = json.loads(Path(file).read_text(encoding="utf-8"))
    say = _steps()
    if what == "encoder":
        encoder.build(request, Path(request["into"]), say)
    else:
        _heads(request, say)


def _heads(request: dict[str, Any], say: Callable[[str], None]) -> None:
    from infra.triton.build import heads  # noqa: PLC0415 - the encoder needs none of it

    say("loading the encoder")
    loaded = encoder.load(Path(request["encoder"]))
    digest = loaded.manifest["identity"]["digest"]
    for head in request["heads"]:
        say(f"making the head {head['spec']['model']} from {head['spec']['pack']}")
        heads.build(head["spec"], lambda texts: loaded.encode(texts)[0], Path(head["into"]), digest)
        _complete(Path(head["into"]), licence="Apache-2.0", source=f"pack {head['spec']['pack']}")
    language = request["language"]
    heads.build_language(Path(language["file"]), Path(language["into"]))
    _complete(Path(language["into"]), licence=language["licence"], source=language["package"])


def _complete(folder: Path, **facts: str) -> None:
    """Add what only the build as a whole knows."""
    manifests.write(manifests.read(folder) | facts, folder)


def _steps() -> Callable[[str], None]:
    """Keep standard output for ourselves."""
    steps = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(step: str) -> None:
        print(step, file=steps, flush=True)

    return say


main()
