"""Checks of Gymnasium environments: Gymnasium, Stable-Baselines3, MO-Gymnasium, seeding."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import gymnasium
import numpy as np
from gymnasium.utils.env_checker import check_env, data_equivalence

from semverse.envs.conformance.types import Check, NotApplicable, require
from semverse.envs.registration import find_env

STEPS = 300  # of each rollout, unless ours say otherwise: more than one episode of most environments
EPISODES = 20  # a rollout ends with that many, should they be shorter
SEED = 7


def gymnasium_checks(env_id: str) -> list[Check]:
    """Return the checks of an id that Gymnasium knows; a vector reward decides for MO-Gymnasium's."""
    common = [
        ("Gymnasium seeding (bit-equal)", seeding),
        ("Gymnasium vectorisation", vectorisation),
        ("render modes", rendering),
    ]
    if _objectives(env_id):
        own = [("Gymnasium check_env (scalarised)", mo_check_env), ("MO-Gymnasium wrappers", mo_wrappers)]
        own.append(("MO-Gymnasium vectorisation", mo_vectorisation))
    else:
        own = [("Gymnasium check_env", plain_check_env), ("Gymnasium episode", episode)]
        own.append(("Stable-Baselines3 check_env", sb3_check_env))
    return [Check(name, partial(run, env_id)) for name, run in own + common]


def _objectives(env_id: str) -> int:
    """Return the length of the vector reward, 0 for a scalar one (or an environment that is broken)."""
    try:
        env = gymnasium.make(env_id, disable_env_checker=True)
    except Exception:  # the checks themselves will say what is wrong
        return 0
    space = getattr(env.unwrapped, "reward_space", None)
    env.close()
    return int(space.shape[0]) if space is not None else 0


def _steps(env_id: str) -> int:
    """Return the length of a rollout; an id may begin with the module that registers it."""
    row = find_env(env_id.rpartition(":")[2])
    return STEPS if row is None else row.rollout_steps


def plain_check_env(env_id: str) -> None:
    """Run Gymnasium's checker on the environment without wrappers."""
    env = gymnasium.make(env_id, disable_env_checker=True)
    check_env(env.unwrapped, skip_render_check=True, skip_close_check=True)
    env.close()


def episode(env_id: str) -> None:
    """Step under Gymnasium's passive checker; every observation must lie in its space."""
    env = gymnasium.make(env_id)
    for observation, reward, _ in rollout(env):
        if observation not in env.observation_space:
            raise AssertionError("an observation is outside of the observation space")
        if not np.isfinite(reward):
            raise AssertionError(f"a reward is {reward}")
    env.close()


def seeding(env_id: str) -> None:
    """Two environments under one seed agree bit by bit, infos included, over several episodes."""
    spec = gymnasium.spec(env_id)
    if spec.nondeterministic:
        raise NotApplicable("is declared nondeterministic")
    first, second = (gymnasium.make(env_id, disable_env_checker=True) for _ in range(2))
    for step, (left, right) in enumerate(zip(rollout(first), rollout(second), strict=True)):
        if not data_equivalence(left, right, exact=True):
            raise AssertionError(f"two rollouts under one seed differ at step {step}")
    first.close()
    second.close()


def rollout(env: gymnasium.Env[Any, Any]) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    """Yield observation, reward and info of some hundred steps of random legal actions."""
    env.action_space.seed(SEED)
    observation, info = env.reset(seed=SEED)
    yield observation, 0.0, info
    episodes = 0
    for _ in range(_steps(env.spec.id) if env.spec else STEPS):
        observation, reward, terminated, truncated, info = env.step(sample(env.action_space, info))
        yield observation, reward, info
        if terminated or truncated:
            episodes += 1
            if episodes == EPISODES:
                return
            observation, info = env.reset()
            yield observation, 0.0, info


def sample(space: gymnasium.Space[Any], info: dict[str, Any]) -> Any:
    """Draw an action, within the mask if the info has one that fits the space."""
    mask = info.get("action_mask")
    if isinstance(space, gymnasium.spaces.MultiDiscrete) and mask is not None:
        rows = mask if mask.ndim > 1 else np.split(mask, np.cumsum(space.nvec)[:-1])
        mask = tuple(rows)  # one an entry of the action
    return space.sample(mask) if mask is not None else space.sample()


def rendering(env_id: str) -> None:
    """Every declared render mode renders under Gymnasium's passive checker."""
    spec = gymnasium.spec(env_id)
    modes = gymnasium.make(env_id, disable_env_checker=True).metadata.get("render_modes", [])
    if not modes:
        raise NotApplicable("has no render mode")
    for mode in modes:
        try:
            env = spec.make(render_mode=mode, disable_env_checker=bool(_objectives(env_id)))
            _, info = env.reset(seed=SEED)
            env.step(sample(env.action_space, info))
            env.render()
        except gymnasium.error.DependencyNotInstalled as error:
            raise NotApplicable(str(error)) from error
        env.close()


def vectorisation(env_id: str) -> None:
    """The synchronous and, if there is one, the native batch step and keep to their spaces."""
    modes = ["sync"] + ["vector_entry_point"] * (gymnasium.spec(env_id).vector_entry_point is not None)
    if _objectives(env_id):
        raise NotApplicable("Gymnasium's vector environments know scalar rewards only")
    for mode in modes:
        env = gymnasium.make_vec(env_id, num_envs=3, vectorization_mode=mode)
        observation, _ = env.reset(seed=SEED)
        env.action_space.seed(SEED)
        episodes = 0
        for _ in range(_steps(env_id)):
            if observation not in env.observation_space:
                raise AssertionError(f"{mode}: an observation is outside of the observation space")
            observation, _, terminated, truncated, _ = env.step(env.action_space.sample())
            episodes += int((terminated | truncated).sum())
            if episodes >= EPISODES:
                break
        env.close()


def sb3_check_env(env_id: str) -> None:
    """Run Stable-Baselines3's checker."""
    require("stable_baselines3")
    from stable_baselines3.common.env_checker import check_env as sb3_check

    env = gymnasium.make(env_id)
    sb3_check(env)
    env.close()


class _Scalarised(gymnasium.RewardWrapper[Any, Any]):
    """Adds the objectives up, so that a checker of scalar rewards can look at the rest.

    (MO-Gymnasium's own LinearReward returns one array in every info, which Gymnasium's checker refuses.)
    """

    def reward(self, reward: Any) -> float:
        return float(np.sum(reward))


def mo_check_env(env_id: str) -> None:
    """Run Gymnasium's checker on the scalarised environment."""
    env = gymnasium.make(env_id, disable_env_checker=True)
    with warnings.catch_warnings():
        # the checker asks for an environment without wrappers; a vector reward needs one
        warnings.filterwarnings("ignore", message=".*is different from the unwrapped version.*")
        check_env(_Scalarised(env.unwrapped), skip_render_check=True, skip_close_check=True)
    env.close()


def mo_wrappers(env_id: str) -> None:
    """Step through each of MO-Gymnasium's wrappers; rewards must lie in the reward space."""
    env = _mo_make(env_id)
    from mo_gymnasium import wrappers

    space = env.unwrapped.reward_space
    for _, reward, _ in rollout(env):
        if not np.isscalar(reward) and reward not in space:
            raise AssertionError(f"the reward {reward!r} is outside of the reward space")
    stacked = wrappers.MORecordEpisodeStatistics(_mo_make(env_id), gamma=0.99)
    for i in range(space.shape[0]):
        stacked = wrappers.MOClipReward(wrappers.MONormalizeReward(stacked, idx=i), idx=i, min_r=-1, max_r=1)
    for _, reward, _ in rollout(wrappers.LinearReward(stacked)):
        if not np.isfinite(reward):
            raise AssertionError(f"a scalarised reward is {reward}")


def mo_vectorisation(env_id: str) -> None:
    """Step MO-Gymnasium's synchronous batch."""
    _mo_make(env_id).close()
    from mo_gymnasium.wrappers.vector import MOSyncVectorEnv

    env = MOSyncVectorEnv([partial(_mo_make, env_id)] * 2)
    env.reset(seed=SEED)
    env.action_space.seed(SEED)
    for _ in range(_steps(env_id)):
        _, rewards, *_ = env.step(env.action_space.sample())
        if rewards.shape != (2, *env.reward_space.shape):
            raise AssertionError(f"batched rewards have shape {rewards.shape}")
    env.close()


def _mo_make(env_id: str) -> Any:
    require("mo_gymnasium")
    import mo_gymnasium

    return mo_gymnasium.make(env_id)
