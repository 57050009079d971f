"""Every public conformance kit, run on any environment with warnings as errors."""

from semverse.envs.conformance.run import check_environment
from semverse.envs.conformance.types import Result

__all__ = ["Result", "check_environment"]
