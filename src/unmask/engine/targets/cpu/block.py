"""What Python hands to ``advance``: addresses of arrays and their sizes, in one block."""

# 64 bits each, addresses first.
ARRAYS = (
    "rows",
    "states",
    "parameters",
    "time",
    "end",
    "step_size",
    "status",
    "steps",
    "rejected",
    "stops",
    "next_stop",
    "dosed",
    "amounts",
    "grid",
    "next_output",
    "saved",
    "output",
    "was",
    "atol",
    "floor",
    "allowance",
)
COUNTS = ("stop_count", "dosed_count", "grid_count", "saved_count")
