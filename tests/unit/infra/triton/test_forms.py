"""The encoder's form follows the CPU, or whoever forces it."""

from pathlib import Path

import pytest

from infra.triton.forms import choose, cpu_features

AMX = {"avx2", "avx512f", "avx512_vnni", "amx_tile", "amx_int8", "amx_bf16", "sse2"}
VNNI = {"avx2", "avx512f", "avx512_vnni", "avx512_bf16", "sse2"}
VNNI_256 = {"avx2", "avx_vnni", "sse2"}
NEITHER = {"avx2", "sse2"}


@pytest.mark.parametrize(
    ("features", "form", "because"),
    [
        (AMX, "ov-int8", "AMX"),
        (VNNI, "ov-int8", "VNNI"),
        (VNNI_256, "ov-int8", "VNNI"),
        (NEITHER, "ort-int8", "neither"),
        ({"asimd", "asimddp"}, "ort-int8", "neither"),
        (set(), "ort-int8", "neither"),
    ],
)
def test_the_form_suits_the_cpu(features: set[str], form: str, because: str) -> None:
    """Measured: without VNNI OpenVINO's INT8 is slower than float32."""
    choice = choose(features)
    assert choice.form == form
    assert because in choice.reason


def test_a_forced_form_is_taken_and_says_so() -> None:
    """Whoever reads the manifest later must not think that the CPU asked for it."""
    choice = choose(AMX, "ort-int8")
    assert choice.form == "ort-int8"
    assert "forced" in choice.reason


def test_only_features_that_matter_are_recorded_always_in_one_order() -> None:
    """They are part of the key: another kernel's list of bugs must not build everything again."""
    assert (
        choose(VNNI).cpu_features == choose({*VNNI, "hypervisor", "spec_store_bypass"}).cpu_features
    )
    assert choose(VNNI).cpu_features == ("avx2", "avx512f", "avx512_vnni", "avx512_bf16")


def test_flags_are_found_in_cpuinfo_of_both_architectures(tmp_path: Path) -> None:
    """x86 says flags, ARM says Features, both once per CPU."""
    x86, arm, odd = (tmp_path / name for name in ("x86", "arm", "odd"))
    x86.write_text("processor\t: 0\nflags\t\t: fpu avx2 avx512_vnni\n\nflags\t\t: fpu\n")
    arm.write_text("processor\t: 0\nFeatures\t: fp asimd asimddp\n")
    odd.write_text("processor : 0\n")
    assert cpu_features(x86) == {"fpu", "avx2", "avx512_vnni"}
    assert cpu_features(arm) == {"fp", "asimd", "asimddp"}
    assert cpu_features(odd) == set()
