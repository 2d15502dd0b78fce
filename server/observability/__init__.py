"""What is measured of a running server: cheap where it is counted, put into words where it is shown."""
