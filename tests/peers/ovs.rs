//! Open vSwitch in user space (`datapath_type=netdev`) as the far end of MPLS in GRE.
//!
//! ```text
//!   eth0 ── br-phy 192.168.100.13 ── native tunnelling ── gre0 ─┬─ label 20: IPv4 ─┬─ ten0: 10.9.9.2, 2001:db8:9::2
//!                                    (legacy_l3: no Ethernet)   └─ label 21: IPv6 ─┘
//!                                                 gre0 ◀── label 25, of vm1 ◀── ten0
//! ```
//! Its daemons run in the namespace, with their files in a folder that goes with them; nothing of the system's own is used.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::namespace::{done, Namespace};
use crate::process::Process;

/// The schema of its database, as Debian installs it.
const SCHEMA: &str = "/usr/share/openvswitch/vswitch.ovsschema";
/// Who sends to the guest behind it.
const GATEWAY_MAC: &str = "02:00:00:09:09:01";
/// That guest.
const GUEST_MAC: &str = "02:00:00:09:09:02";
/// Bytes of an IP packet that fit its tunnel: outer header, GRE and a label go off. It cuts nothing itself.
pub const MTU: u32 = 1500 - 20 - 4 - 4;
/// The label that the card knows vm1 by.
const VM1_LABEL: u32 = 25;

/// Its daemons; they end before the namespace goes.
pub struct OpenVSwitch {
    _switch: Process,
    _database: Process,
    namespace: Namespace,
    dir: TempDir,
}

impl OpenVSwitch {
    /// Starts it in a namespace whose `eth0` is the underlay.
    pub fn start(namespace: Namespace) -> OpenVSwitch {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("conf.db");
        done(
            Command::new("ovsdb-tool")
                .arg("create")
                .args([&database, Path::new(SCHEMA)]),
        );
        let socket = format!("unix:{}", dir.path().join("db.sock").display());
        let daemon = |name: &str| {
            let mut command = namespace.command(name);
            command.env("OVS_RUNDIR", dir.path());
            command.arg("--verbose=console:off");
            command.arg(format!("--unixctl={}/{name}.ctl", dir.path().display()));
            command.arg(format!("--log-file={}/{name}.log", dir.path().display()));
            command
        };
        let server = Process::start(
            daemon("ovsdb-server")
                .arg(&database)
                .arg(format!("--remote=p{socket}")),
        );
        let switch = OpenVSwitch {
            _database: server,
            _switch: Process::start(daemon("ovs-vswitchd").arg(&socket)),
            namespace,
            dir,
        };
        switch.connect();
        switch.program();
        switch
    }

    /// Where its guest's address is.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// `ovs-vsctl`; it waits until the switch has done what it says.
    fn configure(&self, arguments: &str) {
        let mut command = self.namespace.command("ovs-vsctl");
        command.arg(format!(
            "--db=unix:{}",
            self.dir.path().join("db.sock").display()
        ));
        command.args(["--retry", "--timeout=20"]);
        done(command.args(arguments.split_whitespace()));
    }

    fn connect(&self) {
        self.configure("init");
        self.configure(
            "add-br br-phy -- set bridge br-phy datapath_type=netdev fail-mode=standalone",
        );
        self.configure("add-port br-phy eth0");
        self.configure("add-br br-int -- set bridge br-int datapath_type=netdev fail-mode=secure");
        self.configure("add-port br-int ten0 -- set interface ten0 type=internal ofport_request=1");
        self.configure(
            "add-port br-int gre0 -- set interface gre0 type=gre ofport_request=2 \
             options:local_ip=192.168.100.13 options:remote_ip=192.168.100.3 options:packet_type=legacy_l3",
        );
        let namespace = &self.namespace;
        // The kernel sees the frames of eth0 too, and would answer for br-phy's address with eth0's MAC.
        namespace.ip("link set eth0 arp off");
        namespace.ip("link set br-phy up");
        namespace.ip("address add 192.168.100.13/24 dev br-phy");
        namespace.ip(&format!("link set ten0 address {GUEST_MAC} mtu {MTU} up"));
        namespace.ip("address add 10.9.9.2/24 dev ten0");
        namespace.ip("address add 2001:db8:9::2/64 dev ten0 nodad");
        // Nobody speaks ARP through a tunnel without Ethernet.
        for (gateway, network) in [
            ("10.9.9.1", "10.1.1.0/24"),
            ("2001:db8:9::1", "2001:db8:1::/64"),
        ] {
            namespace.ip(&format!(
                "neighbor add {gateway} lladdr {GATEWAY_MAC} dev ten0"
            ));
            namespace.ip(&format!("route add {network} via {gateway}"));
        }
    }

    fn program(&self) {
        let arriving = |label: u32, ethertype: &str| {
            format!(
                "in_port=2,mpls,mpls_label={label},actions=pop_mpls:{ethertype},set_field:{GATEWAY_MAC}->eth_src,\
                 set_field:{GUEST_MAC}->eth_dst,output:1"
            )
        };
        let leaving = |packets: &str| {
            format!(
                "in_port=1,{packets},actions=push_mpls:0x8847,set_field:{VM1_LABEL}->mpls_label,output:2"
            )
        };
        let bridge = self.dir.path().join("br-int.mgmt");
        for flow in [
            arriving(20, "0x0800"),
            arriving(21, "0x86dd"),
            leaving("ip,nw_dst=10.1.1.0/24"),
            leaving("ipv6,ipv6_dst=2001:db8:1::/64"),
        ] {
            let mut command = self.namespace.command("ovs-ofctl");
            command.args(["--protocols=OpenFlow13", "add-flow"]);
            done(command.arg(format!("unix:{}", bridge.display())).arg(flow));
        }
    }
}
