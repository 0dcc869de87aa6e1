//! Where everything lies on the card.
mod row;
mod search;
mod shadow;

#[cfg(test)]
mod shadow_tests;

pub use row::Row;
pub use search::MAX_NODES;
pub use shadow::{Reason, RowWrite, Shadow, TableFull};
