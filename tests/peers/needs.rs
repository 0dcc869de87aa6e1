//! What the machine must have.

use std::fs::OpenOptions;
use std::path::PathBuf;

use underpass_verilator::Toolchain;

use crate::card;

/// Programs, and the Debian packages that bring them.
pub const PROGRAMS: [(&str, &str); 8] = [
    ("ip", "iproute2"),
    ("ping", "iputils-ping"),
    ("traceroute", "traceroute"),
    ("ovsdb-tool", "openvswitch-common"),
    ("ovsdb-server", "openvswitch-switch"),
    ("ovs-vswitchd", "openvswitch-switch"),
    ("ovs-vsctl", "openvswitch-switch"),
    ("ovs-ofctl", "openvswitch-common"),
];

/// Why this cannot be done here.
pub fn missing() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("network namespaces take root".to_owned());
    }
    let tun = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/net/tun");
    if let Err(error) = tun {
        return Some(format!("/dev/net/tun cannot be opened: {error}"));
    }
    let mut programs = PROGRAMS.iter();
    if let Some((program, package)) = programs.find(|(program, _)| find(program).is_none()) {
        return Some(format!("no {program}, of Debian's package {package}"));
    }
    match card::inside() {
        "rtl" => Toolchain::find().err().map(|error| error.to_string()),
        _ => None,
    }
}

/// The full path of a program; daemons lie where only root looks.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    places
        .map(|place| place.join(program))
        .find(|file| file.is_file())
}
