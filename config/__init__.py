"""Settings, restart policies by name, and logging set-up."""
