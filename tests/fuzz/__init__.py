"""Property tests for long, within a time: `python -m tests.fuzz`."""
