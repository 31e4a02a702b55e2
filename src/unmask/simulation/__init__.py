"""Any model, own or imported, for one patient or a population: doses, variation between patients, trajectories."""
