"""Options and spaces that the ISGC environments have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.checks import check_count, check_number
from semverse.envs.errors import InputError
from semverse.envs.isgc.config import ISGCConfig, load_profile
from semverse.envs.isgc.stream import ACCEPTANCE, FEASIBLE, Drawn, describe

RENDER_MODES = ("rgb_array",)
RENDER_FPS = 4
LARGEST_NOISE = 40.0  # no normal draw is ever as large


@dataclass(frozen=True)
class Setup:
    """Checked options of an environment."""

    config: ISGCConfig
    shield: bool
    resample: bool
    miss_penalty: float
    episode_length: int
    optimum: bool

    @staticmethod
    def of(
        profile: str | Path,
        *,
        shield: bool,
        infeasible: str,
        miss_penalty: float,
        episode_length: int,
        optimum: bool,
        render_mode: str | None,
        **overrides: Any,
    ) -> Setup:
        """Check the options of `semverse.envs.isgc.env.ISGCEnv`.

        Raises:
            InputError: a wrong value.
        """
        if infeasible not in ("resample", "outage"):
            raise InputError(
                f"is {infeasible!r:.60}", key="infeasible", remedy="choose 'resample' or 'outage'"
            )
        check_render_mode(render_mode)
        for key, flag in (("shield", shield), ("optimum", optimum)):
            if not isinstance(flag, bool):
                raise InputError(f"is {flag!r:.60}", key=key, remedy="give True or False")
        config = load_profile(profile, **overrides)
        penalty = check_number("miss_penalty", miss_penalty, low=0.0)
        length = check_count("episode_length", episode_length)
        return Setup(config, shield, infeasible == "resample", penalty, length, optimum)

    def drawn(self, states: npt.NDArray[np.float32]) -> Drawn:
        """Describe given states [B, 10]."""
        facts = describe(np.ascontiguousarray(states.T), self.config, optimum=self.optimum)
        facts[ACCEPTANCE] = facts[FEASIBLE]
        return Drawn(states, facts)


def check_render_mode(render_mode: str | None) -> str | None:
    """Return the render mode, or raise `InputError`."""
    if render_mode is not None and render_mode not in RENDER_MODES:
        raise InputError(f"is {render_mode!r:.60}", key="render_mode", remedy="choose 'rgb_array' or None")
    return render_mode


def action_space() -> gymnasium.spaces.Box:
    """Return the space of three logits."""
    return gymnasium.spaces.Box(-1.0, 1.0, (3,), np.float32)


def observation_space(config: ISGCConfig) -> gymnasium.spaces.Box:
    """Return the space of states, in the printed order; a noise has no largest value but 40."""
    noise = (config.noise_floor, LARGEST_NOISE)
    low_symbols, high_symbols = (max(end, config.symbols_floor) for end in config.symbols_range)
    ranges = (
        config.entropy,
        noise,
        noise,
        config.gain,
        config.power_w,
        config.gain,
        config.power_w,
        (low_symbols, high_symbols),
        config.inference_tflops,
        config.rendering_tflops,
    )
    low, high = np.array(ranges, dtype=np.float32).T
    return gymnasium.spaces.Box(low, high, dtype=np.float32)


def read_state(
    options: dict[str, Any] | None, space: gymnasium.spaces.Space[Any]
) -> npt.NDArray[np.float32] | None:
    """Return the state [1, 10] of reset options, or None.

    Raises:
        InputError: an unknown option, or a state outside of the space.
    """
    given = dict(options or {})
    state = given.pop("state", None)
    if given:
        raise InputError(
            "is unknown", source="reset options", key=next(iter(map(str, given))), remedy="known: state"
        )
    if state is None:
        return None
    try:
        array = np.asarray(state, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(
            "is no array of numbers", source="reset options", key="state", remedy="give 10 numbers"
        ) from error
    assert isinstance(space, gymnasium.spaces.Box)
    if array.shape != (10,) or not bool(((array >= space.low) & (array <= space.high)).all()):
        raise InputError(
            f"{array.tolist()!r:.120} lies outside of the observation space",
            source="reset options",
            key="state",
            remedy=f"give 10 numbers from {space.low.tolist()} to {space.high.tolist()}",
        )
    return array[None].copy()
