"""What a long command has finished, so that it continues there after an interruption."""

import hashlib
import json
from pathlib import Path
from typing import Any


class FinishedParts:
    """A file with one JSON line for each finished part. The first line says what it belongs to; another makes it start again."""

    def __init__(self, path: Path | None, belongs_to: Any):
        self.path = path
        self.parts: dict[str, Any] = {}
        if path is None:
            return
        mark = hashlib.sha256(json.dumps(belongs_to, sort_keys=True).encode()).hexdigest()
        found = self.lines(path)
        if found and found[0] == {"belongs_to": mark}:
            self.parts = {line["part"]: line["value"] for line in found[1:]}
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"belongs_to": mark}) + "\n")

    @staticmethod
    def lines(path: Path) -> list[dict[str, Any]]:
        """The whole lines; one that a kill cut is removed from the file."""
        if not path.is_file():
            return []
        text = path.read_text()
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            path.write_text(whole)
        return [json.loads(line) for line in whole.splitlines()]

    def __contains__(self, part: str) -> bool:
        return part in self.parts

    def __getitem__(self, part: str) -> Any:
        return self.parts[part]

    def __setitem__(self, part: str, value: Any) -> None:
        self.parts[part] = value
        if self.path is not None:
            with self.path.open("a") as file:
                file.write(json.dumps({"part": part, "value": value}) + "\n")
