"""The assistant: a language model with tools, at any endpoint that speaks chat completions."""
