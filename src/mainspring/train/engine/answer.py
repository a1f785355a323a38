"""Greedy answers of a trained model, as PyTorch gives them: what an export is held against.

    python -m mainspring.train.engine.answer RUN_FOLDER PROMPTS.jsonl OUT.jsonl

A line of prompts is `{"messages": [...], "tools": [...], "tokens": N}`; the line of its answer is `{"prompt": "",
"prompt_ids": [...], "ids": [...], "logprobs": [...], "margins": [...]}`. All is computed in 32 bits, one prompt
at a time.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from mainspring.train.folder import Base, RunFolder
from mainspring.train.job import Job
from mainspring.train.weights.rope import stretched


def main() -> None:
    """Answer every prompt of a file."""
    run, prompts, out = RunFolder(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3])
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    asked = [json.loads(line) for line in prompts.read_bytes().splitlines()]
    with out.open("w", encoding="utf-8") as answered:
        answered.writelines(json.dumps(answer) + "\n" for answer in answers(run, asked))


def answers(run: RunFolder, asked: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, object]]:
    """Give the answers to prompts, in their order."""
    model, tokenizer = _open(run)
    for prompt in asked:
        with torch.inference_mode():
            yield _answer(model, tokenizer, prompt, prompt["tokens"])


def _open(run: RunFolder) -> tuple[Any, Any]:
    """Load the base with its adapter, or all weights that were trained."""
    job = Job.model_validate_json(run.job.read_bytes())
    base = Base.model_validate_json(run.base.read_bytes()).folder
    is_adapter = (run.model / "adapter_config.json").is_file()
    folder = base if is_adapter else run.model
    config = AutoConfig.from_pretrained(folder)
    if is_adapter and job.rope:
        said = stretched(json.loads((folder / "config.json").read_bytes()), job.rope)
        config.rope_parameters = said["rope_parameters"]
        config.max_position_embeddings = said["max_position_embeddings"]
    model = AutoModelForCausalLM.from_pretrained(folder, config=config, dtype=torch.float32)
    if is_adapter:
        model = PeftModel.from_pretrained(model, run.model)
    return model.eval(), AutoTokenizer.from_pretrained(folder if (folder / "tokenizer.json").is_file() else base)


def _answer(model: Any, tokenizer: Any, asked: Mapping[str, Any], n_tokens: int) -> dict[str, object]:
    """Give the likeliest token, again and again, with the logarithm of its probability."""
    prompt = tokenizer.apply_chat_template(
        asked["messages"], tools=asked.get("tools") or None, add_generation_prompt=True, tokenize=False
    )
    prompt_ids: list[int] = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    question = torch.tensor([prompt_ids])
    settings = GenerationConfig(
        max_new_tokens=n_tokens,
        do_sample=False,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
        return_dict_in_generate=True,
        output_logits=True,
    )
    said = model.generate(input_ids=question, attention_mask=torch.ones_like(question), generation_config=settings)
    ids: list[int] = said.sequences[0, len(prompt_ids) :].tolist()
    best = [logits[0].log_softmax(-1).topk(2).values.tolist() for logits in said.logits]
    logprobs = [round(first, 6) for first, _ in best]
    margins = [round(first - second, 6) for first, second in best]
    return {"prompt": prompt, "prompt_ids": prompt_ids, "ids": ids, "logprobs": logprobs, "margins": margins}


if __name__ == "__main__":
    main()
