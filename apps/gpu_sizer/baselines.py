"""What the sizer is measured against: the same model without tools, and with tools that take numbers."""

from mainspring import Agent, tool

INSTRUCTIONS = "You size GPU memory for language models."


@tool(effect="none", trusted=True)
def kv_cache_bytes(layers: int, kv_heads: int, head_dim: int, tokens: int, bytes_per_value: int = 2) -> int:
    """Bytes of key/value cache for one sequence."""
    return 2 * layers * kv_heads * head_dim * tokens * bytes_per_value


@tool(effect="none", trusted=True)
def weight_bytes(parameters: int, bits_per_weight: float = 16) -> float:
    """Bytes of a model's weights."""
    return parameters * bits_per_weight / 8


@tool(effect="none", trusted=True)
def gpus_for(total_bytes: int, gpu_memory_bytes: int) -> int:
    """Smallest number of GPUs, a power of two, that hold a number of bytes at 90 % of their memory."""
    n_gpus = 1
    while n_gpus * gpu_memory_bytes * 0.9 < total_bytes:
        n_gpus *= 2
    return n_gpus


@tool(effect="none", trusted=True)
def lora_parameters(layers: int, rank: int, input_plus_output_sizes: int) -> int:
    """Parameters that LoRA trains: the sizes are summed over the adapted matrices of one layer."""
    return layers * rank * input_plus_output_sizes


no_tools = Agent("no_tools", instructions=INSTRUCTIONS, max_steps=8)
number_tools = Agent(
    "number_tools",
    instructions=INSTRUCTIONS,
    tools=[kv_cache_bytes, weight_bytes, gpus_for, lora_parameters],
    max_steps=8,
)
