"""The benchmark: agents x instances x seeds at equal wall-clock budgets, resumable, with certified bounds."""
