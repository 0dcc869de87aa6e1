//! The examples with an `expected` folder: what a run prints is what lies beside it, on every card, and all cards leave the same
//! captures.
//!
//! `UPDATE_GOLDEN=1` writes the files anew, from the model.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use underpass_host_driver::access::CardName;
use underpass_host_driver::replay::{replay, Input, Options, Pace};
use underpass_host_driver::show::{Format, Show};
use underpass_layout::profile::SIM;
use underpass_verilator::Toolchain;

/// A run of an example: its folder, its network, which captures enter where, and what is shown at the end.
struct Scene {
    folder: &'static str,
    network: &'static str,
    inputs: &'static [(&'static str, &'static str)],
    show: &'static [Show],
}

const MIRRORED: &[(&str, &str)] = &[("vf0", "vnf1.pcap"), ("vf1", "vnf2.pcap")];

const SCENES: [Scene; 6] = [
    Scene {
        folder: "bum",
        network: "network",
        inputs: &[
            ("vf0", "red1.pcap"),
            ("vf3", "blue1.pcap"),
            ("wire0", "wire0.pcap"),
        ],
        show: &[],
    },
    Scene {
        folder: "mirror",
        network: "network",
        inputs: MIRRORED,
        show: &[Show::Mirror, Show::Vif, Show::Nh],
    },
    Scene {
        folder: "mirror",
        network: "raw",
        inputs: MIRRORED,
        show: &[Show::Mirror],
    },
    Scene {
        folder: "routed-setup",
        network: "compute",
        inputs: &[
            ("vf0", "vm1.pcap"),
            ("vf1", "vm2.pcap"),
            ("wire1", "wire1.pcap"),
        ],
        show: &[],
    },
    Scene {
        folder: "routed-setup",
        network: "router",
        inputs: &[
            ("vf0", "vm3.pcap"),
            ("wire0", "tunnel.pcap"),
            ("wire1", "outside.pcap"),
        ],
        show: &[Show::Flow],
    },
    Scene {
        folder: "limits",
        network: "network",
        inputs: &[("vf0", "red1.pcap")],
        show: &[],
    },
];

/// What a run prints, and the captures that it leaves, by their names.
struct Ran {
    text: String,
    captures: BTreeMap<String, Vec<u8>>,
}

impl Scene {
    fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../examples")
            .join(self.folder)
    }

    fn run(&self, card: CardName) -> Ran {
        let folder = self.folder();
        let out = tempfile::tempdir().unwrap();
        let options = Options {
            network: folder.join(format!("{}.yaml", self.network)),
            inputs: self
                .inputs
                .iter()
                .map(|(port, file)| Input {
                    port: (*port).to_owned(),
                    path: folder.join(file),
                })
                .collect(),
            out: out.path().join("out"),
            card,
            profile: &SIM,
            pace: Pace::Quiet,
            trace: false,
            show: self.show.to_vec(),
            format: Format::Classic,
            json: false,
        };
        let mut text = Vec::new();
        replay(&options, &mut text, &mut |_| ()).unwrap();
        let captures = std::fs::read_dir(&options.out)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|file| file.extension().is_some_and(|kind| kind == "pcap"))
            .map(|file| {
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                (name, std::fs::read(file).unwrap())
            })
            .collect();
        Ran {
            text: String::from_utf8(text).unwrap(),
            captures,
        }
    }

    fn expect(&self, ran: &Ran, card: &CardName) {
        let file = self.folder().join(format!("expected/{}.txt", self.network));
        if std::env::var_os("UPDATE_GOLDEN").is_some() && *card == CardName::Model {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, &ran.text).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        let (folder, network, found) = (self.folder, self.network, &ran.text);
        assert!(
            *found == expected,
            "{folder}/{network} on {card} printed:\n{found}\nexpected:\n{expected}"
        );
    }
}

#[test]
fn the_model_prints_what_is_expected() {
    for scene in &SCENES {
        scene.expect(&scene.run(CardName::Model), &CardName::Model);
    }
}

#[test]
fn the_rtl_prints_the_same_and_leaves_the_same_captures() {
    if let Err(error) = Toolchain::find() {
        eprintln!("skipped: {error}");
        return;
    }
    for scene in &SCENES {
        let (model, rtl) = (scene.run(CardName::Model), scene.run(CardName::Rtl));
        scene.expect(&rtl, &CardName::Rtl);
        assert!(!model.captures.is_empty(), "{} left no file", scene.folder);
        for (name, bytes) in &model.captures {
            let same = rtl.captures.get(name) == Some(bytes);
            assert!(same, "{}/{}: {name}", scene.folder, scene.network);
        }
    }
}

/// A frame of 98 bytes and 34 of metadata, in UDP and IPv4, and in MPLS, UDP, IPv4 and Ethernet: what `tcpdump` on a vRouter's
/// analyzer prints as `UDP, length 132`.
#[test]
fn copies_have_132_bytes_of_payload() {
    const COPY: usize = 14 + 20 + 8 + 4 + 20 + 8 + 132;
    let ran = SCENES[1].run(CardName::Model);
    // A capture file has 24 bytes of its own, and 16 to each packet.
    assert_eq!(ran.captures["wire0.pcap"].len(), 24 + 4 * (16 + COPY));
}
