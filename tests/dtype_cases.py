"""Names of types that a report may hold, and the bytes of a voxel: for Python and for the page."""

from __future__ import annotations

ITEM_SIZES: dict[str, int | None] = {
    "bool": 1,
    **{f"{sign}int{bits}": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": bits // 8 for bits in (16, 32, 64)},
    **{f"complex{bits}": bits // 8 for bits in (64, 128)},
    # Not on every computer, and not the same number on all that have them.
    **dict.fromkeys(["float128", "complex256", "float96"]),
    # No numbers.
    **dict.fromkeys(["datetime64", "datetime64[ns]", "timedelta64[25s]", "bytes80", "str160"]),
    **dict.fromkeys(["void32", "bytes", "object", "string", "variable_length_bytes"]),
    # TIFF counts bits, and pairs of whole numbers.
    **dict.fromkeys(["uint1", "uint4", "uint12", "uint24", "uint128", "float24", "complexint32"]),
    # Zarr v3 has types beyond NumPy's, and takes any name for one of an extension.
    **dict.fromkeys(["r16", "int4", "bfloat16", "float8_e4m3", "complex32", "struct", "None"]),
    # Names by which NumPy knows a type, but does not name it.
    **dict.fromkeys(["<u2", "u2", "float", "int", "double", "half", "?", "B", "i4,f4", "(2,)i4"]),
    **dict.fromkeys(["", " uint8", "uint8 ", "uint16x", "Uint8", "constructor", "bytes7", "void0"]),
}
