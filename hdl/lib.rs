//! The card in RTL.
