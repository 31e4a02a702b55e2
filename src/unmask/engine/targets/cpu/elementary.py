"""exp, log and power for eight lanes at once, in plain arithmetic.

The C library computes them one number at a time, which would take longer than the rest of a right-hand side;
written out here they run in all lanes, give the same bits in every lane and on every C library, and need no
vendor's vector library. ``log`` follows fdlibm's ``e_log.c`` (Sun Microsystems, 1993: argument reduction to
[sqrt(1/2), sqrt(2)) and a minimax polynomial); ``exp`` reduces by multiples of ln 2 and sums the Taylor
series to degree 13 (truncation below 2e-17 for |r| <= ln(2)/2). Both are within about 1 unit in the last
place; ``power`` multiplies the exponent, so that its relative error is about |y log x| times that.
"""

from __future__ import annotations

import math
import struct

from unmask.engine.targets.cpu.listing import BITS, VECTOR, Listing, integers, vector

_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_LOG = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)
# Adding 1.5 * 2**52 rounds to a whole number, which then stands in the low bits.
_ROUND = 1.5 * 2.0**52


def _bits(value: float) -> int:
    return int(struct.unpack(">q", struct.pack(">d", value))[0])


def exponential(code: Listing, x: str) -> str:
    """Return exp(x): 0 below -745, infinity above 709.8, NaN for NaN."""
    low, high = vector(-746.0), vector(710.0)
    x = code.select(code.compare("olt", x, low), low, x)
    x = code.select(code.compare("ogt", x, high), high, x)
    shifted = code.binary("fadd", code.binary("fmul", x, vector(1.0 / math.log(2.0))), vector(_ROUND))
    k = code.binary("fsub", shifted, vector(_ROUND))
    whole = code.let(f"sub {BITS} {_as_bits(code, shifted)}, {integers(_bits(_ROUND))}")
    r = code.binary("fsub", x, code.binary("fmul", k, vector(_LN2_HIGH)))
    r = code.binary("fsub", r, code.binary("fmul", k, vector(_LN2_LOW)))
    series = vector(1.0 / math.factorial(13))
    for degree in range(12, -1, -1):
        term = vector(1.0 / math.factorial(degree))
        series = code.binary("fadd", code.binary("fmul", series, r), term)
    # 2**k in two factors, since k itself may be out of the range of exponents.
    half = code.let(f"ashr {BITS} {whole}, {integers(1)}")
    rest = code.let(f"sub {BITS} {whole}, {half}")
    return code.binary(
        "fmul", code.binary("fmul", series, _power_of_two(code, half)), _power_of_two(code, rest)
    )


def logarithm(code: Listing, x: str) -> str:
    """Return log(x): -infinity at 0, NaN below 0 and for NaN, infinity for infinity."""
    tiny = code.compare("olt", x, vector(2.2250738585072014e-308))
    scaled = code.select(tiny, code.binary("fmul", x, vector(2.0**54)), x)
    bits = _as_bits(code, scaled)
    above = code.let(f"sub {BITS} {bits}, {integers(_bits(math.sqrt(0.5)))}")
    exponent = code.let(f"ashr {BITS} {above}, {integers(52)}")
    shift = code.let(f"shl {BITS} {exponent}, {integers(52)}")
    mantissa = _as_vector(code, code.let(f"sub {BITS} {bits}, {shift}"))
    exponent = code.let(f"add {BITS} {exponent}, {integers(_bits(_ROUND))}")
    k = code.binary("fsub", _as_vector(code, exponent), vector(_ROUND))
    k = code.select(tiny, code.binary("fsub", k, vector(54.0)), k)

    f = code.binary("fsub", mantissa, vector(1.0))
    s = code.binary("fdiv", f, code.binary("fadd", f, vector(2.0)))
    z = code.binary("fmul", s, s)
    series = vector(_LOG[-1])
    for coefficient in _LOG[-2::-1]:
        series = code.binary("fadd", code.binary("fmul", series, z), vector(coefficient))
    series = code.binary("fmul", series, z)
    half_square = code.binary("fmul", vector(0.5), code.binary("fmul", f, f))
    inner = code.binary("fmul", s, code.binary("fadd", half_square, series))
    inner = code.binary("fadd", inner, code.binary("fmul", k, vector(_LN2_LOW)))
    inner = code.binary("fsub", code.binary("fsub", half_square, inner), f)
    result = code.binary("fsub", code.binary("fmul", k, vector(_LN2_HIGH)), inner)

    zero, infinity = vector(0.0), vector(math.inf)
    special = code.select(code.compare("oeq", x, zero), vector(-math.inf), vector(math.nan))
    result = code.select(code.compare("ogt", x, zero), result, special)
    return code.select(code.compare("oeq", x, infinity), infinity, result)


def power(code: Listing, x: str, y: str, log_of_magnitude: str) -> str:
    """Return x ** y as C does: negative x with a whole exponent included, 0 ** 0 = 1, NaN where undefined."""
    magnitude = exponential(code, code.binary("fmul", y, log_of_magnitude))
    shifted = code.binary("fadd", y, vector(_ROUND))
    whole = code.compare("oeq", code.binary("fsub", shifted, vector(_ROUND)), y)
    low_bit = code.let(f"and {BITS} {_as_bits(code, shifted)}, {integers(1)}")
    odd = code.let(f"icmp ne {BITS} {low_bit}, {integers(0)}")
    signed = code.select(odd, code.negate(magnitude), magnitude)
    signed = code.select(whole, signed, vector(math.nan))
    result = code.select(code.compare("olt", x, vector(0.0)), signed, magnitude)
    return code.select(code.compare("oeq", y, vector(0.0)), vector(1.0), result)


def _as_bits(code: Listing, x: str) -> str:
    return code.let(f"bitcast {VECTOR} {x} to {BITS}")


def _as_vector(code: Listing, x: str) -> str:
    return code.let(f"bitcast {BITS} {x} to {VECTOR}")


def _power_of_two(code: Listing, k: str) -> str:
    biased = code.let(f"add {BITS} {k}, {integers(1023)}")
    return _as_vector(code, code.let(f"shl {BITS} {biased}, {integers(52)}"))
