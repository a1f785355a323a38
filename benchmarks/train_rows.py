"""Makes rows as an agent's runs give them: one system prompt with tools, a request, and the call that is right.

    python -m benchmarks.train_rows FOLDER [ROWS]      writes a dataset's folder

No model takes part, and the same number of rows are the same rows. In the words that a served model sees, what all
have in common takes 282 tokens of SmolLM2's, and what a row has of its own about 71.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any, Final

SYSTEM: Final = (
    "You are the desk of a workshop that repairs bicycles. Hand each request on with one call of the one tool that "
    "fits it. Copy names and numbers as they are written. Who asks what a repair would cost wants a quote, who has "
    "a day in mind wants an appointment, and who asks where a bicycle is has handed it in already."
)
TOOLS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "quote": ("Tell what a repair costs.", {"bicycle": "string", "part": "string", "pieces": "integer"}),
    "appointment": ("Book a time in the workshop.", {"name": "string", "day": "string", "hour": "integer"}),
    "find_bicycle": ("Tell how far a repair is.", {"ticket": "string"}),
    "order_part": ("Order a part from a maker.", {"maker": "string", "part": "string", "pieces": "integer"}),
    "lend": ("Lend somebody a bicycle.", {"name": "string", "size_cm": "integer", "days": "integer"}),
    "buy_back": ("Offer money for an old bicycle.", {"name": "string", "bicycle": "string"}),
}
_ASKED: Final = {
    "quote": "What would {pieces} new {part}s for my {bicycle} cost me?",
    "appointment": "This is {name}. Could you have a look at my bicycle on {day} at {hour} o'clock?",
    "find_bicycle": "I brought my bicycle in last week, the slip says {ticket}. Is it ready?",
    "order_part": "We are out of {part}s. Please get {pieces} from {maker}.",
    "buy_back": "{name} again: what would you give me for my old {bicycle}?",
    "lend": "{name} here, I need a bicycle for {days} days; a frame of {size_cm} cm fits me.",
}
_VALUES: Final[dict[str, tuple[object, ...]]] = {
    "bicycle": ("touring bicycle", "racer", "cargo bicycle", "folding bicycle"),
    "part": ("chain", "brake pad", "spoke", "pedal", "inner tube", "saddle"),
    "name": ("Ada Holm", "Bela Varga", "Chen Li", "Dora Nilsen", "Emre Kaya"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "maker": ("Velomark", "Northwheel", "Tandem & Sons"),
    "pieces": tuple(range(1, 60)),
    "hour": tuple(range(8, 18)),
    "size_cm": tuple(range(48, 64)),
    "days": tuple(range(1, 15)),
}


def rows(n_rows: int, seed: int = 0) -> list[dict[str, Any]]:
    """Make rows in OpenAI's format of chats with tool calls."""
    rng = random.Random(seed)
    return [_row(rng) for _ in range(n_rows)]


def write(folder: Path, n_rows: int, n_held_out: int = 0) -> Path:
    """Write a dataset's folder, and give it."""
    folder.mkdir(parents=True, exist_ok=True)
    made = rows(n_rows + n_held_out)
    for name, part in (("train", made[:n_rows]), ("validation", made[n_rows:])):
        if part:
            lines = "".join(json.dumps(row) + "\n" for row in part)
            (folder / f"{name}-00000.jsonl").write_text(lines, encoding="utf-8")
    return folder


def _row(rng: random.Random) -> dict[str, Any]:
    name = rng.choice(list(TOOLS))
    values = {key: rng.choice(options) for key, options in _VALUES.items()}
    values["ticket"] = f"R-{rng.randrange(16**5):05x}"
    call = {"name": name, "arguments": json.dumps({key: values[key] for key in TOOLS[name][1]})}
    return {
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": _ASKED[name].format(**values)},
            {"role": "assistant", "tool_calls": [{"id": "call_0", "type": "function", "function": call}]},
        ],
        "tools": [_tool(name) for name in TOOLS],
    }


def _tool(name: str) -> dict[str, Any]:
    description, kinds = TOOLS[name]
    parameters = {
        "type": "object",
        "properties": {key: {"type": kind} for key, kind in kinds.items()},
        "required": list(kinds),
    }
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200)
