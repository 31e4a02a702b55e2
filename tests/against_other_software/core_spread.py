"""How patients of the core model differ in comparisons with other software."""

# Sigma of the logarithm between patients (tumour type NSCLC), and a little of everything else.
SPREAD = {
    "net_growth_rate": 0.99,
    "stroma_fraction": 0.78,
    "max_kill_rate": 0.16,
    "dead_cell_clearance_rate": 0.20,
    "infiltrate_per_kill": 2.00,
    "naive_precursors": 2.00,
    "treg_set_point": 0.70,
    "pdl1_density": 0.80,
    "anti_pdl1_clearance": 0.29,
    "anti_pdl1_central_volume": 0.18,
    "chemo_log_kill": 1.0,
    "chemo_clearance": 0.43,
    "autoreactivity_set_point": 0.273,
    "neutrophil_drug_slope": 0.40,
}
