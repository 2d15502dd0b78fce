"""The commands of ``greenroom``, one module a command or group."""
