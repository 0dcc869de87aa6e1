//! The Verilog that users get: it lints without errors or width warnings, for every shell and profile, and it is the
//! same every time.

use underpass_hdl::shells::{emit, Shell};
use underpass_layout::profile::PROFILES;
use underpass_tests::rtl::source;
use underpass_verilator::lint;

const SHELLS: [Shell; 4] = [Shell::Core, Shell::TappedCore, Shell::Sim, Shell::Card];

#[test]
fn every_shell_of_every_profile_lints() {
    for profile in PROFILES {
        for shell in SHELLS {
            // What a board leaves unconnected, and instances that share a name with a memory, say nothing about widths.
            let source = ["UNUSED", "UNUSEDSIGNAL", "VARHIDDEN", "PINCONNECTEMPTY"]
                .into_iter()
                .fold(source(profile, shell), |source, code| {
                    source.allow_lint(code)
                });
            lint(&source).unwrap_or_else(|error| panic!("{} {shell:?}: {error}", profile.name));
        }
    }
}

#[test]
fn the_same_sources_give_the_same_verilog() {
    let text = || {
        emit(&PROFILES[0], Shell::Sim)
            .unwrap_or_else(|error| panic!("{error}"))
            .verilog
    };
    assert_eq!(text(), text());
}

#[test]
fn the_core_has_the_signals_that_boards_connect() {
    let rtl = emit(&PROFILES[0], Shell::Core).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(rtl.top, "underpass_core");
    for (name, width, input) in [
        ("clk", 1, true),
        ("rst", 1, true),
        ("s_axis_tdata", 512, true),
        ("s_axis_tready", 1, false),
        ("s_axis_tuser", 32, true),
        ("m_axis_tkeep", 64, false),
        ("m_axis_tlast", 1, false),
        ("m_axis_tready", 1, true),
        ("s_axil_awaddr", 16, true),
        ("s_axil_rdata", 32, false),
    ] {
        let port = rtl.ports.iter().find(|port| port.name == name);
        assert_eq!(
            port.map(|port| (port.width, port.input)),
            Some((width, input)),
            "{name}"
        );
    }
}
