"""The running service under mixed load and injected faults for a bounded time: `python -m tests.soak`."""
