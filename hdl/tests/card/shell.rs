//! The Verilog of the card. That it lints is tried with the other shells, in the project's tests.

use underpass_hdl::shells::{emit, Shell};
use underpass_layout::profile::PROFILES;

#[test]
fn it_has_the_signals_that_boards_connect() {
    for profile in PROFILES {
        let rtl = emit(profile, Shell::Card).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(rtl.top, "underpass_card");
        for (name, width, input) in [
            ("clk", 1, true),
            ("s_axis_tdata", 512, true),
            ("m_axis_tuser", 32, false),
            ("s_axil_araddr", 16, true),
            ("m_axi_awaddr", 64, false),
            ("m_axi_wdata", 512, false),
            ("m_axi_wstrb", 64, false),
            ("m_axi_bresp", 2, true),
            ("m_axi_arlen", 8, false),
            ("m_axi_rdata", 512, true),
            ("m_axi_rready", 1, false),
            ("irq", 8, false),
        ] {
            let port = rtl.ports.iter().find(|port| port.name == name);
            assert_eq!(
                port.map(|port| (port.width, port.input)),
                Some((width, input)),
                "{name}"
            );
        }
    }
}
