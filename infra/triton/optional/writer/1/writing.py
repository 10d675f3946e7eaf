"""llama.cpp in this process: chat messages and a JSON Schema in, pieces of JSON out."""

import hashlib
import json
import os
import re
import secrets
import sys
from pathlib import Path

# Set before the engine loads its threads: waiting ones would spin on cores that are not ours.
os.environ["OMP_WAIT_POLICY"] = "passive"
os.environ["GOMP_SPINCOUNT"] = "0"

_GIVE_WAY = 10
_MOST_THREADS = 4
_SPECIAL = re.compile(r"<\|(?=[^|>\s]{1,40}\|>)")


class RefusedError(ValueError):
    """What was asked for cannot be written; another try would not help."""


class Writer:
    """One model. The same question gets the same answer: no sampling, no cache of prompts."""

    def __init__(self, folder, *, threads=0, context_tokens=4096):
        """Load it; takes a second for each 500 MB."""
        self.manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        _check(folder, self.manifest["files"])
        sys.path.insert(0, str(folder / "engine"))
        import xllamacpp  # noqa: PLC0415 - it is beside this file

        os.nice(_GIVE_WAY)
        threads = threads or min(len(os.sched_getaffinity(0)), _MOST_THREADS)
        asked = xllamacpp.CommonParams()
        asked.model.path = str(folder / self.manifest["weights"])
        asked.n_ctx = context_tokens
        asked.n_parallel = 1
        asked.cpuparams.n_threads = asked.cpuparams_batch.n_threads = threads
        asked.verbosity = -1  # its lines quote texts
        asked.cache_prompt = False
        asked.cache_ram_mib = 0
        asked.offline = True
        # The engine opens a port of its own on loopback and cannot be told not to: nobody has the
        # key, so nobody is answered there.
        asked.api_keys = [secrets.token_hex(32)]
        asked.ui = asked.endpoint_props = asked.endpoint_slots = False
        self._engine = xllamacpp.Server(asked)

    def write(self, messages, schema, max_tokens, piece):
        """Call `piece` with each bit of text until it says stop; returns how it ended.

        Raises:
            RefusedError: the messages are too long, or the schema is none.
        """
        last, failed, stopped = {}, [], []

        def take(chunk):
            if "error" in chunk:
                failed.append(chunk["error"].get("type", "error"))
                return True
            last.update(chunk)
            bit = chunk["choices"][0]["delta"].get("content")
            if bit and piece(bit):
                stopped.append(True)
            return bool(stopped)

        asked = {
            "messages": [
                {"role": each["role"], "content": harmless(each["content"])} for each in messages
            ],
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": True,
            "cache_prompt": False,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": schema},
            },
        }
        try:
            self._engine.handle_chat_completions(asked, take)
        except ValueError as error:
            raise RefusedError("SCHEMA is none that can bind an answer") from error
        if failed:
            raise RefusedError(failed[0])
        if stopped:
            return "cancelled", {}
        return last["choices"][0]["finish_reason"], last.get("timings", {})


def _check(folder, files):
    """Other bytes than those that were built are not loaded."""
    for name, pinned in files.items():
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != pinned:
                raise RuntimeError(f"{name} is not the file that was built")


def harmless(text):
    """Content is text: what the tokenizer would take for the end of a turn is broken up.

    Otherwise a customer could end their own turn and speak as the system.
    """
    return _SPECIAL.sub("< |", text)


def load(folder, parameters):
    """The writer of a version folder."""
    return Writer(
        Path(folder),
        threads=int(parameters.get("threads", "0")),
        context_tokens=int(parameters.get("context_tokens", "4096")),
    )
