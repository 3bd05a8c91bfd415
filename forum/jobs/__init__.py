"""Work outside requests: the worker, its schedule, and the mail."""
