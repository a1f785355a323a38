"""The sizer's tools and its judge: a model that makes the right call answers all twenty questions."""

import json

import pytest

from apps.gpu_sizer.agent import agent as sizer
from apps.gpu_sizer.judge import Question, questions, says
from apps.gpu_sizer.tools import check_fit, gpus_needed, kv_cache
from mainspring import ScriptedModel, ToolError, use
from mainspring.core import Request, ToolCall

SERVE = {"dtype": "bf16", "kv_dtype": "bf16"}
PERFECT: list[tuple[ToolCall, str]] = [
    (use("kv_cache", model="Llama-3.1-8B", context="1", users=1), "per_token"),
    (use("kv_cache", model="Llama-3.1-70B", context="1", users=1), "per_token"),
    (use("kv_cache", model="DeepSeek-V3", context="1", users=1), "per_token"),
    (use("kv_cache", model="Llama-3.1-8B", context="32,768", users=1), "per_user"),
    (use("kv_cache", model="Qwen2.5-7B", context="32k", users=8), "all_users"),
    (use("kv_cache", model="Llama-3.1-70B", context="128k", users=1, kv_dtype="fp8"), "per_user"),
    (use("weights", model="Mistral-7B-v0.3"), "parameters"),
    (use("weights", model="Qwen2.5-72B"), "parameters"),
    (use("weights", model="Mixtral-8x7B"), "parameters"),
    (use("weights", model="Llama-3.1-70B", dtype="bf16"), "weights"),
    (use("weights", model="Llama-3.1-8B", dtype="fp8"), "weights"),
    (use("weights", model="Qwen2.5-Coder-1.5B", dtype="q4_k_m"), "weights"),
    (use("weights", model="Qwen3-30B-A3B", dtype="bf16"), "weights"),
    (use("gpus_needed", model="Llama-3.1-70B", gpu="H100 80GB", context="32k", users=16, **SERVE), "gpus_needed"),
    (use("gpus_needed", model="Llama-3.1-405B", gpu="H100", context="8k", users=8, dtype="fp8"), "gpus_needed"),
    (use("gpus_needed", model="Llama-3.1-8B", gpu="RTX 3090", context="8k", users=1, **SERVE), "gpus_needed"),
    (use("check_fit", model="Llama-3.1-8B", gpu="H100 80GB", gpus=1, context="8k", users=1), "max_users"),
    (use("lora_parameters", model="Llama-3.1-8B", rank=16), "trainable_parameters"),
    (use("lora_parameters", model="Mistral-7B-v0.3", rank=8), "trainable_parameters"),
    (use("gpu_memory", gpu="L40S"), "memory"),
]
SUFFIX = {"gpus_needed": " GPUs", "max_users": " users"}


@pytest.mark.parametrize(
    ("question", "call", "field"),
    [(question, *perfect) for question, perfect in zip(questions(), PERFECT, strict=True)],
    ids=range(1, 21),
)
def test_a_model_that_makes_the_right_call_answers_right(question: Question, call: ToolCall, field: str) -> None:
    def answer(request: Request) -> str:
        return f"It is {json.loads(request.messages[-1].text)[field]}{SUFFIX.get(field, '')}."

    result = sizer.replace(model=ScriptedModel([call, answer])).run_sync(question.ask)

    assert says(result.output, question), result.output


@pytest.mark.parametrize(
    ("answer", "is_right"),
    [
        ("You need 8 H100 80GB GPUs.", True),
        ("8 x H100", True),
        ("4 H100 GPUs with 80 GB each for 16 users", False),
        ("eight of them", False),
        ("8", False),
    ],
)
def test_the_judge_takes_a_number_only_for_what_it_counts(answer: str, *, is_right: bool) -> None:
    assert says(answer, Question("How many?", 8, "gpus", note="")) is is_right


@pytest.mark.parametrize("answer", ["4.29 GB", "4.0 GiB", "4,294,967,296 bytes", "about 4 GB", "4294 MB"])
def test_the_judge_reads_sizes_in_any_unit(answer: str) -> None:
    assert says(answer, Question("How much?", 4_294_967_296, "bytes", note=""))


def test_a_plan_that_does_not_fit_says_what_would_make_it_fit() -> None:
    facts = check_fit("Llama-3.1-70B", "H100 80GB", 4, "32k", 16)

    assert facts["fits"] == "no"
    assert facts["max_users"] == 13
    assert "8 GPUs" in str(facts["to_make_it_fit"])


def test_a_model_that_is_not_known_is_answered_with_those_that_sound_alike() -> None:
    with pytest.raises(ToolError, match=r"Llama-3\.1-70B"):
        gpus_needed("Llama-3.1-71B", "H100", "8k", 1)


@pytest.mark.parametrize("context", ["", "many", "0", "-5"])
def test_a_context_that_is_no_number_of_tokens_is_refused(context: str) -> None:
    with pytest.raises(ToolError, match="not a number of tokens"):
        kv_cache("Llama-3.1-8B", context, 1)
