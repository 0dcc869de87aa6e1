//! What came of it, as a table.

use std::fmt;
use std::net::IpAddr;

use crate::checks::Found;

/// The table.
pub struct Report {
    card: &'static str,
    rows: Vec<Row>,
}

struct Row {
    peer: &'static str,
    what: &'static str,
    family: &'static str,
    found: Found,
}

impl Report {
    /// Of a card with that inside.
    pub fn new(card: &'static str) -> Report {
        Report {
            card,
            rows: Vec::new(),
        }
    }

    /// A row.
    pub fn add(&mut self, peer: &'static str, what: &'static str, address: IpAddr, found: Found) {
        let family = match address {
            IpAddr::V4(_) => "IPv4",
            IpAddr::V6(_) => "IPv6",
        };
        self.rows.push(Row {
            peer,
            what,
            family,
            found,
        });
    }

    /// Whether everything works.
    pub fn is_good(&self) -> bool {
        self.rows.iter().all(|row| row.found.is_ok())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "From a VM through the card ({}):", self.card)?;
        writeln!(f, "{:<14}{:<12}{:<6}FOUND", "PEER", "WHAT", "OVER")?;
        for row in &self.rows {
            let (peer, what, family) = (row.peer, row.what, row.family);
            write!(f, "{peer:<14}{what:<12}{family:<6}")?;
            match &row.found {
                Ok(figure) => writeln!(f, "{figure}")?,
                Err(wrong) => writeln!(f, "FAILED: {wrong}")?,
            }
        }
        Ok(())
    }
}
