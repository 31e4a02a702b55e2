"""From LLVM assembly to functions in this process, by way of a folder of compiled objects.

An object is kept under a name that holds the model's hash, the method, the version of the code generator (a
hash of its own source), LLVM's version and the processor it was compiled for, so that nothing stale is ever
found. It starts with a checksum: a damaged file is compiled again. Files are written under a temporary name
and moved into place, so that processes that compile the same model at once do not see each other's halves.
If the folder cannot be written the object is simply not kept.

Compiled objects are machine code that runs with your rights: the folder is your own cache folder (or
``UNMASK_CACHE_DIR``), created readable for you alone, and never a shared temporary folder.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import tempfile
import threading
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.engine.tableaus import Tableau
from unmask.errors import ModelError
from unmask.model.system import Model

_LOG = logging.getLogger(__name__)
_MAGIC = b"unmask object 1\n"
_LOCK = threading.RLock()

_pointer, _double, _integer = ctypes.c_void_p, ctypes.c_double, ctypes.c_int64
_INTEGRATE = ctypes.CFUNCTYPE(
    None, *[_pointer] * 12, _double, _double, _integer, _integer, _pointer
)  # ensemble.INTEGRATE_ARGUMENTS
_READ = ctypes.CFUNCTYPE(None, *[_pointer] * 4, _integer, _integer, _pointer)  # ensemble.READ_ARGUMENTS
_ADVANCE = ctypes.CFUNCTYPE(None, _pointer, _double, _double, _integer, _integer, _pointer)
_SIZE = ctypes.CFUNCTYPE(None, _pointer)


class Kernels:
    """The compiled functions of one model; calling them releases Python's lock.

    Attributes
    ----------
    integrate, observe, triggers, advance
        See :mod:`unmask.engine.targets.cpu.ensemble` and :mod:`unmask.engine.targets.cpu.course` for the
        arguments.
    workspace_size
        Vectors of eight doubles that a call needs, aligned to 64 bytes.
    """

    def __init__(self, loaded: Any) -> None:
        self._loaded = loaded  # owns the machine code
        self.integrate = _INTEGRATE(loaded.get_function_address("integrate"))
        self.observe = _READ(loaded.get_function_address("observe"))
        self.triggers = _READ(loaded.get_function_address("triggers"))
        self.advance = _ADVANCE(loaded.get_function_address("advance"))
        size = ctypes.c_int64()
        _SIZE(loaded.get_function_address("workspace_size"))(ctypes.addressof(size))
        self.workspace_size = size.value

    def workspace(self) -> tuple[NDArray[np.float64], int]:
        """Return zeroed memory for one call, and where in it the first 64-byte boundary is."""
        memory = np.zeros(8 * self.workspace_size + 8)
        return memory, memory.ctypes.data + (-memory.ctypes.data) % 64


def kernels(model: Model, tableau: Tableau) -> Kernels:
    """Return the machine code of a model, from the cache folder where it is known.

    Raises
    ------
    ModelError
        The model holds something the engine cannot compute, or LLVM refused the code.
    """
    with _LOCK:  # LLVM's set-up is not safe from two threads
        name = f"{model.hash}-{tableau.name}-{_fingerprint(*_processor())}.o"
        folder = cache_folder()
        stored = _read(folder / name)
        if stored is not None:
            try:
                return Kernels(_load(stored))
            except Exception as error:  # whatever LLVM says of a bad object, compiling again mends it
                _LOG.warning("compiled model %s could not be loaded (%s); compiling it again", name, error)
        compiled = _compile(model, tableau)
        _write(folder / name, compiled)
        return Kernels(_load(compiled))


def cache_folder() -> Path:
    """Folder of compiled models: ``UNMASK_CACHE_DIR`` or the user's cache folder."""
    chosen = os.environ.get("UNMASK_CACHE_DIR")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("unmask", appauthor=False)) / "engine"


def _compile(model: Model, tableau: Tableau) -> bytes:
    from unmask.engine.targets.cpu.program import program

    text = program(model, tableau)
    llvm = _llvm()
    try:
        module = llvm.parse_assembly(text)
        module.verify()
        return bytes(_target_machine().emit_object(module))
    except RuntimeError as error:
        raise ModelError("engine.code_generation", model=model.name, detail=str(error)) from error


def _load(compiled: bytes) -> Any:
    llvm = _llvm()
    loaded = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
    loaded.add_object_file(llvm.ObjectFileRef.from_data(compiled))
    loaded.finalize_object()
    if not loaded.get_function_address("integrate"):
        raise RuntimeError("the object has no function 'integrate'")
    return loaded


@cache
def _llvm() -> Any:
    import llvmlite.binding as llvm  # type: ignore[import-untyped]

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


def _target_machine() -> Any:
    llvm = _llvm()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    processor, features = _processor()
    return target.create_target_machine(
        cpu=processor,
        features=features,
        opt=3,
        reloc="default",
        codemodel="jitdefault",
        jit=True,
    )


def _processor() -> tuple[str, str]:
    """Return LLVM's name of this processor and what it can do; nothing beyond the name where LLVM cannot tell."""
    llvm = _llvm()
    try:
        return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    except RuntimeError:  # some ARM systems
        return llvm.get_host_cpu_name(), ""


@cache
def _fingerprint(processor: str, features: str) -> str:
    """Hash of everything but model and method that decides what an object holds."""
    llvm = _llvm()
    digest = hashlib.sha256()
    engine = files("unmask.engine")
    folders = (engine, engine / "targets" / "cpu")
    sources = [source for folder in folders for source in folder.iterdir() if source.name.endswith(".py")]
    for source in sorted(sources, key=str):
        digest.update(source.read_bytes())
    parts = (*map(str, llvm.llvm_version_info), llvm.get_process_triple(), processor, features)
    digest.update("|".join(parts).encode())
    return digest.hexdigest()[:16]


def _read(path: Path) -> bytes | None:
    """Return the object of a file, None if there is none or it is damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    start = len(_MAGIC) + 32
    if data[: len(_MAGIC)] != _MAGIC or hashlib.sha256(data[start:]).digest() != data[len(_MAGIC) : start]:
        _LOG.warning("compiled model %s is damaged; compiling it again", path)
        return None
    return data[start:]


def _write(path: Path, compiled: bytes) -> None:
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(_MAGIC + hashlib.sha256(compiled).digest() + compiled)
        temporary.replace(path)
    except OSError as error:
        _LOG.warning("compiled model could not be kept in %s (%s); it is compiled in every run", path, error)
        if temporary is not None:
            temporary.unlink(missing_ok=True)
