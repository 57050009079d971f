"""Rules without weights: what all of them have in common."""

import gymnasium
import pytest

import semverse.envs  # noqa: F401  (registers the ids)
from semverse.agents.registry import list_agents, make_agent
from semverse.agents.rules import AttachedRule

RULES = [
    (spec.name, spec.supports[0])
    for spec in list_agents()
    if "_baselines:" in str(spec) and isinstance(make_agent(spec.name, spec.supports[0]), AttachedRule)
]


@pytest.mark.parametrize(("name", "env_id"), RULES)
def test_a_rule_that_was_shown_no_environment_asks_for_it(name: str, env_id: str) -> None:
    rule, env = make_agent(name, env_id), gymnasium.make(env_id)
    with pytest.raises(RuntimeError, match="begin"):
        rule.act(env.observation_space.sample())
