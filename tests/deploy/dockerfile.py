"""A Dockerfile, read: its stages and their instructions, in order, as far as ours goes."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: `RUN`, and what stands behind it on however many lines."""

    word: str
    rest: str

    def words(self) -> list[str]:
        """Return a JSON array's strings, or the words."""
        return list(json.loads(self.rest)) if self.rest.startswith("[") else shlex.split(self.rest)


def read_stages(path: Path) -> list[list[Instruction]]:
    """Return the instructions of each stage; what comes before the first `FROM` belongs to none."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    found = [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]
    stages: list[list[Instruction]] = []
    for instruction in found:
        if instruction.word == "FROM":
            stages.append([])
        elif stages:
            stages[-1].append(instruction)
    return stages


def last(stage: list[Instruction], word: str) -> Instruction:
    """Return the last of an instruction in a stage, which is the one that counts."""
    return [one for one in stage if one.word == word][-1]


def environment(stage: list[Instruction], path: str) -> dict[str, str]:
    """Return what `ENV` sets, `$PATH` replaced."""
    pairs = (word.split("=", 1) for one in stage if one.word == "ENV" for word in one.words())
    return {name: value.replace("$PATH", path) for name, value in pairs}
