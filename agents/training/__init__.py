"""The training stack: configuration, run folders, logs, resumption, evaluation statistics."""
