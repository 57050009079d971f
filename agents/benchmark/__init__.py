"""The benchmark: agents on the same instances or episodes, resumable, held against proven bounds."""
