"""What the services' environment asks of this one: `python -m infra.triton.build WHAT REQUEST`.

One line of standard output per step; what libraries print goes to standard error.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from infra.triton.build import encoder, manifests

# Texts per report of progress: some two seconds.
_TOGETHER = 512


def main() -> None:
    """Do what is asked for by a file of JSON."""
    what, file = sys.argv[1:]
    request = json.loads(Path(file).read_text(encoding="utf-8"))
    say = _steps()
    if what == "encoder":
        encoder.build(request, Path(request["into"]), say)
    elif what == "fit":
        _fit(request, say)
    else:
        _heads(request, say)


def _heads(request: dict[str, Any], say: Callable[[str], None]) -> None:
    from infra.triton.build import heads, injection  # noqa: PLC0415 - the encoder needs neither

    say("loading the encoder")
    loaded = encoder.load(Path(request["encoder"]))
    digest = loaded.manifest["identity"]["digest"]
    for head in request["heads"]:
        spec, into = head["spec"], Path(head["into"])
        say(f"making the head {spec['model']} from {spec['pack']}")
        if "fitted" in spec:
            heads.take(spec, into, digest)
            licence, source = spec["fitted"]["licence"], f"fitted to {spec['fitted']['data']}"
        elif spec["model"] == "injection":
            others = [each["spec"] for each in request["heads"] if each is not head]
            injection.build(spec, others, loaded.read, into, digest)
            licence, source = "Apache-2.0", f"pack {spec['pack']}"
        else:
            heads.build(spec, lambda texts: loaded.encode(texts)[0], into, digest)
            licence, source = "Apache-2.0", f"pack {spec['pack']}"
        _complete(into, licence=licence, source=source)
    language = request["language"]
    heads.build_language(Path(language["file"]), Path(language["into"]))
    _complete(Path(language["into"]), licence=language["licence"], source=language["package"])


def _fit(request: dict[str, Any], say: Callable[[str], None]) -> None:
    from infra.triton.build import fitting  # noqa: PLC0415 - nobody else needs it

    say("loading the encoder")
    loaded = encoder.load(Path(request["encoder"]))
    texts, found = request["texts"], []
    for at in range(0, len(texts), _TOGETHER):
        found.append(loaded.encode(texts[at : at + _TOGETHER])[0])
        say(f"vectors: {min(at + _TOGETHER, len(texts))} of {len(texts)} texts")
    vectors = np.concatenate(found).astype(np.float64)
    fitting.build(request, vectors, Path(request["into"]), loaded.manifest["identity"], say)


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
