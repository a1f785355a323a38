"""Linear-attention and state-space mixers, read from a configuration.

Sources: Gated DeltaNet (2412.06464) as in transformers' `qwen3_next`; Mamba (2312.00752) as in `jamba`;
Mamba-2 (2405.21060) as in `nemotron_h`. Their state is constant per sequence, whatever the context.
"""

from mainspring.gpu.fields import Fields
from mainspring.gpu.shape import Recurrent


def gated_delta(fields: Fields, hidden: int) -> Recurrent:
    """Read a Gated DeltaNet layer: the state is `value heads x key dim x value dim`."""
    n_key, d_key = fields.integer("linear_num_key_heads"), fields.integer("linear_key_head_dim")
    n_value, d_value = fields.integer("linear_num_value_heads"), fields.integer("linear_value_head_dim")
    kernel = fields.integer("linear_conv_kernel_dim")
    keys, values = n_key * d_key, n_value * d_value
    conv = 2 * keys + values
    return Recurrent(
        kind="gated-delta",
        n_heads=n_key,
        linears=(
            ("ssm_in", hidden, 2 * keys + 2 * values),
            ("ssm_ba", hidden, 2 * n_value),
            ("ssm_out", values, hidden),
        ),
        n_small=conv * kernel + 2 * n_value + d_value,
        n_state=n_value * d_key * d_value,
        n_conv_state=conv * (kernel - 1),
    )


def mamba(fields: Fields, hidden: int) -> Recurrent:
    """Read a Mamba layer: the state is `inner width x state size`."""
    inner = fields.integer("mamba_expand", "expand") * hidden
    state = fields.integer("mamba_d_state", "state_size")
    kernel = fields.integer("mamba_d_conv", "conv_kernel")
    rank = fields.integer_or(-(-hidden // 16), "mamba_dt_rank", "time_step_rank")
    norms = rank + 2 * state if "mamba_d_state" in fields.values else 0  # Jamba normalises dt, B and C.
    return Recurrent(
        kind="mamba",
        n_heads=inner,
        linears=(
            ("ssm_in", hidden, 2 * inner),
            ("ssm_x", inner, rank + 2 * state),
            ("ssm_dt", rank, inner),
            ("ssm_out", inner, hidden),
        ),
        n_small=inner * (kernel + 1) + inner + inner * state + inner + norms,
        n_state=inner * state,
        n_conv_state=inner * (kernel - 1),
    )


def mamba2(fields: Fields, hidden: int) -> Recurrent:
    """Read a Mamba-2 layer: the state is `heads x head dim x state size`."""
    n_heads, d_head = fields.integer("mamba_num_heads"), fields.integer("mamba_head_dim")
    n_groups, state = fields.integer("n_groups", "mamba_n_groups"), fields.integer("ssm_state_size")
    kernel = fields.integer("conv_kernel", "mamba_d_conv")
    inner = n_heads * d_head
    conv = inner + 2 * n_groups * state
    return Recurrent(
        kind="mamba2",
        n_heads=n_heads,
        linears=(("ssm_in", hidden, inner + conv + n_heads), ("ssm_out", inner, hidden)),
        n_small=conv * (kernel + 1) + 3 * n_heads + inner,
        n_state=n_heads * d_head * state,
        n_conv_state=conv * (kernel - 1),
    )
