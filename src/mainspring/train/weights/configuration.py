"""`config.json` made of a GGUF header, and a GGUF header made of `config.json`."""

from collections.abc import Mapping

import numpy as np
from gguf import GGUFValueType
from pydantic import JsonValue

from mainspring.core.errors import ConfigError
from mainspring.train.weights.architectures import CONVERTER, Architecture
from mainspring.train.weights.gguf_file import GgufFile, Said
from mainspring.train.weights.rope import parameters_of, said_of

_IDS = {"bos_token_id": "bos_token_id", "eos_token_id": "eos_token_id", "pad_token_id": "padding_token_id"}


def config_of(file: GgufFile, kind: Architecture) -> dict[str, JsonValue]:
    """Give the configuration of a GGUF's model.

    Raises:
        ConfigError: The header lacks what is needed.
    """
    if "token_embd.weight" not in file.tensors:
        raise ConfigError(f"{str(file.path)!r} has no tensor 'token_embd.weight': it holds no whole model")
    width, heads = file.whole("{arch}.embedding_length"), file.whole("{arch}.attention.head_count")
    head_dim = file.whole("{arch}.attention.key_length", file.whole("{arch}.rope.dimension_count", width // heads))
    rope = parameters_of(file, head_dim)
    config: dict[str, JsonValue] = {
        "architectures": [kind.model_class],
        "model_type": kind.name,
        "dtype": "float32",
        "vocab_size": file.tensors["token_embd.weight"].shape[0],
        "hidden_size": width,
        "intermediate_size": file.whole("{arch}.feed_forward_length"),
        "num_hidden_layers": file.whole("{arch}.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": file.whole("{arch}.attention.head_count_kv", heads),
        "head_dim": head_dim,
        "hidden_act": "silu",
        "max_position_embeddings": file.whole("{arch}.context_length"),
        "rms_norm_eps": _shortest(file.number("{arch}.attention.layer_norm_rms_epsilon")),
        "rope_theta": rope["rope_theta"],  # what read configurations before `rope_parameters` looks here
        "rope_parameters": rope,
        "tie_word_embeddings": "output.weight" not in file.tensors,
    }
    if kind.name != "qwen2":  # whose configuration cannot say it: its q, k and v have biases
        config["attention_bias"] = "blk.0.attn_q.bias" in file.tensors
    if kind.name == "llama":
        config["mlp_bias"] = "blk.0.ffn_up.bias" in file.tensors
    for here, there in _IDS.items():
        if (key := f"tokenizer.ggml.{there}") in file.said:
            config[here] = file.whole(key)
    return config


def said_of_config(config: Mapping[str, JsonValue], kind: Architecture) -> dict[str, Said]:
    """Give what a GGUF header says of a configuration.

    Raises:
        ConfigError: The model does something that is not known here.
    """
    _check_usual(config)
    heads = _whole(config, "num_attention_heads")
    head_dim = head_dim_of(config)
    whole = {
        "vocab_size": _whole(config, "vocab_size"),
        "context_length": _whole(config, "max_position_embeddings"),
        "embedding_length": _whole(config, "hidden_size"),
        "block_count": _whole(config, "num_hidden_layers"),
        "feed_forward_length": _whole(config, "intermediate_size"),
        "rope.dimension_count": head_dim,
        "attention.head_count": heads,
        "attention.head_count_kv": _whole(config, "num_key_value_heads", heads),
        "attention.key_length": head_dim,
        "attention.value_length": head_dim,
    }
    said = {f"{kind.name}.{key}": Said(GGUFValueType.UINT32, value) for key, value in whole.items()}
    epsilon = config.get("rms_norm_eps", 1e-6)
    said[f"{kind.name}.attention.layer_norm_rms_epsilon"] = Said(GGUFValueType.FLOAT32, float(str(epsilon)))
    return said | said_of(config, kind.name)


def head_dim_of(config: Mapping[str, JsonValue]) -> int:
    """Give the numbers of one head."""
    return _whole(config, "head_dim", _whole(config, "hidden_size") // _whole(config, "num_attention_heads"))


def _check_usual(config: Mapping[str, JsonValue]) -> None:
    usual: dict[str, tuple[JsonValue, ...]] = {
        "hidden_act": ("silu",),
        "partial_rotary_factor": (1, 1.0),
        "use_sliding_window": (False,),
    }
    for key, known in usual.items():
        if config.get(key) is not None and config[key] not in known:
            raise ConfigError(
                f"config.json says {key} = {config[key]!r}, and {known[0]!r} is known; take {CONVERTER}"
            )


def _whole(config: Mapping[str, JsonValue], key: str, default: int | None = None) -> int:
    value = config.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, int):
        raise ConfigError(f"config.json says {key} = {value!r}; a whole number is needed")
    return value


def _shortest(value: float) -> float:
    """Give the shortest number that a header's 32 bits stand for: 1e-05 for 9.99999974e-06."""
    return float(str(np.float32(value)))
