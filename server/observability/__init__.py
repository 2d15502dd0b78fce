"""What is measured of a running server, and told of its runs: cheap where it is counted, worded where it is shown."""
