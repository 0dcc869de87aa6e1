//! table-compiler
