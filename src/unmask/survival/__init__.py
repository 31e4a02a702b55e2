"""Time-to-event endpoints, their estimates, and the comparison with a real trial."""
