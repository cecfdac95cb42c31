"""How a loop is compiled."""

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic


def compiled(function: Callable) -> Callable:
    """Compile at the first call, keep the result on disk, and let go of the interpreter's lock.

    The result is kept beside the source, in the user's cache where that cannot be written, or in
    `NUMBA_CACHE_DIR`. Where none can be written, each process compiles for itself.

    Additions keep their order (no `fastmath`), so that results are the same on every processor.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba: "no locator available"
        return numba.njit(**options)(function)


@intrinsic
def prefetch(context, array, place):
    """Ask for the memory at a place of an array ahead of its use; it changes no result.

    Rows of a log that one listener after the other leads to lie far apart: waiting for each in turn takes
    longer than working on it.
    """

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        address = builder.bitcast(builder.gep(data, [arguments[1]]), byte)
        # 0: to read; 3: into the nearest cache; 1: data
        builder.call(function, [address, *(ir.Constant(number, value) for value in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, place), generate
