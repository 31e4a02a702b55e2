"""Random treatments: drugs, radiotherapy and surgery, alone, together and in sequence."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from unmask.therapy.regimen import available_drugs, load_drug

PRESCRIBED = sorted(available_drugs())


def drug_treatments() -> st.SearchStrategy[dict[str, Any]]:
    def build(name: str, share: float, every: int, first: int, doses: int | None) -> dict[str, Any]:
        drug = load_drug(name)
        flexible = drug.effect is not None or drug.per_day is not None
        dose = drug.standard_dose * (share if flexible else 1.0)
        item = {"drug": name, "dose": dose, "unit": drug.unit, "every_days": every, "first_day": first}
        return item if doses is None else {**item, "doses": doses}

    return st.builds(
        build,
        st.sampled_from(PRESCRIBED),
        st.floats(0.1, 3.0),
        st.sampled_from([7, 14, 21, 28, 84]),
        st.integers(0, 60),
        st.none() | st.integers(1, 6),
    )


TREATMENTS = st.lists(
    drug_treatments()
    | st.builds(
        lambda gray, fractions, first, field: {
            "procedure": "radiotherapy",
            "gray": gray,
            "fractions": fractions,
            "first_day": first,
            "in_field": field,
        },
        st.floats(0.5, 20.0),
        st.integers(1, 10),
        st.integers(0, 100),
        st.floats(0.01, 1.0),
    )
    | st.builds(
        lambda margin, nodes, first: {
            "procedure": "surgery",
            "margin": margin,
            "nodes_removed": nodes,
            "first_day": first,
        },
        st.sampled_from(["R0", "R1", "R2"]),
        st.floats(0.0, 1.0),
        st.integers(0, 100),
    ),
    min_size=1,
    max_size=4,
)
