"""The bodies of the log, one file each; `actors.session.journal` says what they do."""
